from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir
import os

required_conan_version = ">=2.0"


class MaillogConan(ConanFile):
    name = "maillog"
    version = "0.1.0"
    license = "MIT"
    url = "https://github.com/maillog/maillog"
    homepage = url
    description = "Embeddable C library for mail-log event parsing"
    topics = ("mail", "log", "parser", "postfix", "dovecot")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "pkgconfig/*", "src/*", "docs/man/*"
    implements = ["auto_shared_fpic"]
    languages = "C"

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["MAILLOG_BUILD_SHARED"] = bool(self.options.shared)
        toolchain.cache_variables["MAILLOG_BUILD_STATIC"] = not self.options.shared
        for part in ("COMMAND", "EXAMPLES", "TESTS"):
            toolchain.cache_variables["MAILLOG_BUILD_" + part] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        for unwanted in ("lib/cmake", "lib/pkgconfig", "share"):  # Conan makes its own
            rmdir(self, os.path.join(self.package_folder, unwanted))

    def package_info(self):
        self.cpp_info.libs = ["maillog"]
        self.cpp_info.set_property("cmake_file_name", "maillog")
        self.cpp_info.set_property("cmake_target_name", "maillog::maillog")
        self.cpp_info.set_property("pkg_config_name", "maillog")
