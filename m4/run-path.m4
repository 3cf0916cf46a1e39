# SPDX-License-Identifier: Apache-2.0
# Where programs look for the library when they start.

# SUPERMACHINE_RUN_PATH
# ---------------------
# Outside the directories that every dynamic linker searches by itself, a program
# needs the library's directory as its run path. Set RUN_PATH_LDFLAGS for our
# command, as libtool takes it, and RUN_PATH_FLAGS for the variable run_path_flags of
# the .pc file.
#
# The run path is not in Libs, whose flags are for all programs: a static PIE needs no
# run path, and with glibc (2.36, for one) it crashes at its start if it has one.
#
# The directory alone decides, and not what the dynamic linker of this machine is
# configured with: "make install" does not renew that one's cache, not every user
# can, and the same ./configure gives the same files on every system. Packages of
# distributions install to the linker's own directories, of which Debian has one for
# each architecture, and get no run path.
AC_DEFUN([SUPERMACHINE_RUN_PATH],
[AC_REQUIRE([LT_INIT])dnl
RUN_PATH_LDFLAGS= RUN_PATH_FLAGS=
supermachine_libdir=`
  test "$prefix" != NONE || prefix=$ac_default_prefix
  test "$exec_prefix" != NONE || exec_prefix=$prefix
  eval "supermachine_libdir=$libdir"
  eval "supermachine_libdir=$supermachine_libdir"
  AS_ECHO(["$supermachine_libdir"])`
AS_CASE([$supermachine_libdir],
  [/lib | /lib32 | /lib64 | /libx32 | /usr/lib | /usr/lib32 | /usr/lib64 | /usr/libx32],
    [supermachine_needs_run_path=no],
  [/lib/*/* | /usr/lib/*/*], [supermachine_needs_run_path=yes],
  [/lib/*-*-* | /usr/lib/*-*-*], [supermachine_needs_run_path=no],
  [supermachine_needs_run_path=yes])
AS_IF([test "$enable_shared:$supermachine_needs_run_path" = yes:yes],
  [RUN_PATH_LDFLAGS='-R $(libdir)'
  # Mach-O has the path of a library in the library itself.
  AS_CASE([$hardcode_libdir_flag_spec],
    # Not ${libdir}, to which pkgconf adds the PKG_CONFIG_SYSROOT_DIR of a cross build.
    [*-rpath*], [RUN_PATH_FLAGS="-Wl,-rpath,$supermachine_libdir"])])
AC_SUBST([RUN_PATH_LDFLAGS])
AC_SUBST([RUN_PATH_FLAGS])
])
