# SPDX-License-Identifier: Apache-2.0
# The kernel for programs that use libkrun.

# SUPERMACHINE_LIBKRUNFW
# ----------------------
# Whether to build libkrunfw too, under the name that libkrun opens. Its segments do not
# start on pages of their own in the file, which would take 192 KiB with pages of 64 KiB.
# It is linked without the compiler's start files, whose 8 bytes of data would take another
# 64 KiB there. The kernel's address is far enough from everything else to make a segment
# of its own: where Linux maps a page, it also maps some that follow in the same segment.
# Old linkers leave room for pages of 2 MiB, put other sections there, and then fail.
AC_DEFUN([SUPERMACHINE_LIBKRUNFW],
[AC_ARG_ENABLE([libkrunfw],
  [AS_HELP_STRING([--enable-libkrunfw],
    [also build libkrunfw.so.5 (libkrunfw.5.dylib on macOS), which gives the kernel to podman, krunvm and other users of libkrun])],
  [], [enable_libkrunfw=no])
libkrunfw_summary=no
AS_IF([test "$enable_libkrunfw" != no],
  [AS_IF([test "$enable_shared" = yes], [],
     [SUPERMACHINE_FAIL([--enable-libkrunfw is for a shared library, and --disable-shared is given],
       [leave one of them out])])
   AS_CASE([$host_os], [darwin*], [LIBKRUNFW=libkrunfw.5.dylib], [LIBKRUNFW=libkrunfw.so.5])
   libkrunfw_summary=$LIBKRUNFW
   # Tests want it all the same.
   AS_CASE([$host_cpu], [x86_64 | aarch64],
     [AS_IF([test "$GUEST" != "$host_cpu"],
        [libkrunfw_summary="$LIBKRUNFW, but libkrun starts no $GUEST guest on $host_cpu"])])
   AC_DEFINE_UNQUOTED([LIBKRUNFW], ["$LIBKRUNFW"], [Define to the file name of libkrunfw, if it is built.])
   # The assembler's names mean nothing to an optimiser that sees all objects at once.
   SUPERMACHINE_COMPILER_FLAGS([LIBKRUNFW_CFLAGS], [-fno-lto])
   SUPERMACHINE_LINKER_KEYWORDS([LIBKRUNFW_LDFLAGS], [noseparate-code])
   AC_CACHE_CHECK([whether the linker takes a section's address], [supermachine_cv_section_start],
     [saved_LDFLAGS=$LDFLAGS
      LDFLAGS="$LDFLAGS -shared -fPIC -nostartfiles -Wl,--section-start=.kernel=0x80000"
      AC_LINK_IFELSE([AC_LANG_SOURCE([[char kernel[8 << 20] __attribute__((section(".kernel"))) = "kernel";]])],
        [supermachine_cv_section_start=yes], [supermachine_cv_section_start=no])
      LDFLAGS=$saved_LDFLAGS])
   AS_IF([test "$supermachine_cv_section_start" = yes],
     [LIBKRUNFW_LDFLAGS="$LIBKRUNFW_LDFLAGS -Wc,-nostartfiles -Wl,--section-start=.kernel=0x80000"])])
AM_CONDITIONAL([LIBKRUNFW], [test "$enable_libkrunfw" != no])
AC_SUBST([LIBKRUNFW])
AC_SUBST([LIBKRUNFW_CFLAGS])
AC_SUBST([LIBKRUNFW_LDFLAGS])
])
