vcpkg_from_github(
    OUT_SOURCE_PATH SOURCE_PATH
    REPO maillog/maillog
    REF "v${VERSION}"
    SHA512 0 # of the release's archive: vcpkg prints it on the first run
    HEAD_REF main
)

string(COMPARE EQUAL "${VCPKG_LIBRARY_LINKAGE}" "static" BUILD_STATIC)
string(COMPARE EQUAL "${VCPKG_LIBRARY_LINKAGE}" "dynamic" BUILD_SHARED)

# one linkage for a triplet; without the static library maillog::maillog is the shared one, and the other way round
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DMAILLOG_BUILD_STATIC=${BUILD_STATIC}
        -DMAILLOG_BUILD_SHARED=${BUILD_SHARED}
        -DMAILLOG_BUILD_COMMAND=OFF
        -DMAILLOG_BUILD_EXAMPLES=OFF
        -DMAILLOG_BUILD_TESTS=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/maillog)
vcpkg_fixup_pkgconfig()
vcpkg_copy_pdbs()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
