# Install rules: headers, libraries, pkg-config, CMake package, man pages, the command. Components: library (what a program
# needs to run), development, command; `cmake --install build --component library` takes one alone.
include(CMakePackageConfigHelpers)

set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/maillog)

# the .pc file relocates: paths are relative to ${prefix} unless the user gave absolute ones. The prefix is known only when
# it is installed: cmake --install BUILD --prefix DIR
foreach(_dir LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${_dir}}")
    set(MAILLOG_PC_${_dir} "${CMAKE_INSTALL_${_dir}}")
  else()
    set(MAILLOG_PC_${_dir} "\${prefix}/${CMAKE_INSTALL_${_dir}}")
  endif()
endforeach()
set(MAILLOG_PC_PREFIX "@CMAKE_INSTALL_PREFIX@")
configure_file(pkgconfig/maillog.pc.in maillog.pc.in @ONLY)
install(CODE "configure_file(\"${PROJECT_BINARY_DIR}/maillog.pc.in\" \"${PROJECT_BINARY_DIR}/maillog.pc\" @ONLY)" COMPONENT development)

configure_package_config_file(cmake/maillogConfig.cmake.in maillogConfig.cmake INSTALL_DESTINATION ${_package_dir})
write_basic_package_version_file(maillogConfigVersion.cmake COMPATIBILITY SameMinorVersion)

foreach(_kind static shared)
  if(TARGET maillog_${_kind})
    install(TARGETS maillog_${_kind} EXPORT maillogTargets-${_kind}
            LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
    install(EXPORT maillogTargets-${_kind} NAMESPACE maillog:: DESTINATION ${_package_dir} COMPONENT development)
  endif()
endforeach()
install(DIRECTORY include/maillog DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(FILES ${PROJECT_BINARY_DIR}/maillog.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/maillogConfig.cmake ${PROJECT_BINARY_DIR}/maillogConfigVersion.cmake
        DESTINATION ${_package_dir} COMPONENT development)
if(TARGET maillog_command)
  install(TARGETS maillog_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
  set(_completion ${PROJECT_SOURCE_DIR}/examples/maillog/completion)
  install(FILES ${_completion}/maillog.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME maillog
          COMPONENT command)
  install(FILES ${_completion}/_maillog DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT command)
  install(FILES ${_completion}/maillog.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT command)
endif()
file(GLOB _man1 ${PROJECT_SOURCE_DIR}/docs/man/*.1)
file(GLOB _man3 ${PROJECT_SOURCE_DIR}/docs/man/*.3)
install(FILES ${_man1} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)
install(FILES ${_man3} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT development)

# a page that is about several functions is found by the name of each
foreach(_page ${_man3})
  get_filename_component(_file ${_page} NAME)
  file(STRINGS ${_page} _names REGEX "^\\.Nm maillog_")
  foreach(_name ${_names})
    string(REGEX REPLACE "^\\.Nm (maillog_[a-z0-9_]+).*" "\\1.3" _alias "${_name}")
    if(NOT _alias STREQUAL _file)
      file(WRITE ${PROJECT_BINARY_DIR}/man/${_alias} ".so man3/${_file}\n")
      list(APPEND _aliases ${PROJECT_BINARY_DIR}/man/${_alias})
    endif()
  endforeach()
endforeach()
install(FILES ${_aliases} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT development)
