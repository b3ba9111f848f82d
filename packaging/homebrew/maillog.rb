class Maillog < Formula
  desc "Trace messages through mail logs; embeddable mail-log parser"
  homepage "https://github.com/maillog/maillog"
  url "https://github.com/maillog/maillog/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "cmake" => :build
  depends_on "pkgconf" => :test
  depends_on "libarchive"

  uses_from_macos "zlib"

  def install
    args = %w[-DMAILLOG_BUILD_EXAMPLES=OFF -DMAILLOG_BUILD_TESTS=OFF]
    system "cmake", "-S", ".", "-B", "build", *args, *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    (testpath/"mail.log").write "Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n"
    assert_match '"event":"removed"', shell_output("#{bin}/maillog events --json mail.log")

    (testpath/"test.c").write <<~C
      #include <maillog/maillog.h>
      int main(void) { return maillog_version() == 0; }
    C
    flags = shell_output("pkg-config --cflags --libs maillog").chomp.split
    system ENV.cc, "test.c", "-o", "test", *flags
    system "./test"
  end
end
