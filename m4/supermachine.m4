# SPDX-License-Identifier: Apache-2.0
# Macros of supermachine-kernel's own configure.

# SUPERMACHINE_FAIL(WHAT-IS-WRONG, WHAT-TO-DO)
# --------------------------------------------
# Stop with one line for each.
AC_DEFUN([SUPERMACHINE_FAIL],
[AC_MSG_ERROR([$1
$2])])

# SUPERMACHINE_WRITABLE_BUILD
# ---------------------------
# Stop before config.log is opened where it cannot be written: what configure says
# by itself is a line for each attempt.
AC_DEFUN([SUPERMACHINE_WRITABLE_BUILD],
[m4_divert_text([VERSION_END],
[(echo test >conftest.writable) 2>/dev/null || {
  rm -f conftest.writable
  AS_ECHO(["$as_me: error: the build directory cannot be written to: make room on its disk, or run configure in another one"]) >&2
  AS_EXIT([1])
}
rm -f conftest.writable])
])

# SUPERMACHINE_ASSET(NAME, MODE, FORMAT, DESCRIPTION)
# ---------------------------------------------------
# One asset: its option, its variable, where its bytes come from (the first of
# option, variable, assets/NAME.xz), and its row in the table that the scripts
# in build-aux read. An override is checked here already: a build that fails
# after a minute is a worse answer than a configure that fails after none.
AC_DEFUN([SUPERMACHINE_ASSET],
[m4_pushdef([asset_symbol], m4_translit([[$1]], [-], [_]))dnl
m4_pushdef([asset_variable], [SUPERMACHINE_]m4_translit([[$1]], [a-z-], [A-Z_])[_PATH])dnl
AC_ARG_WITH([$1],
  [AS_HELP_STRING([--with-$1=FILE],
    [take the $1 from the raw FILE instead of the bundled assets/$1.xz])])
AC_ARG_VAR(asset_variable,
  [raw file to take the $1 from, if --with-$1 is not given])
AC_MSG_CHECKING([where the $1 comes from])
asset_file= asset_from=
AS_CASE(["$with_[]asset_symbol"],
  [yes], [AC_MSG_RESULT([nowhere])
    AC_MSG_ERROR([--with-$1 needs a file: --with-$1=FILE])],
  [no], [AC_MSG_RESULT([nowhere])
    AC_MSG_ERROR([--without-$1 is not possible: the library always carries a $1])],
  [?*], [asset_file=$with_[]asset_symbol asset_from="--with-$1"],
  [asset_file=$asset_variable asset_from=asset_variable])
AS_IF([test "${with_[]asset_symbol+set}" = set && test -z "$with_[]asset_symbol"],
  [AC_MSG_RESULT([nowhere])
   AC_MSG_ERROR([--with-$1= is empty: name a file])])
# Columns are separated by a tab, since descriptions and paths may hold spaces.
asset_tab='	'
AS_CASE(["$asset_file"],
  [*"$as_nl"* | *"$asset_tab"*], [AC_MSG_RESULT([nowhere])
    AC_MSG_ERROR([$asset_from: the path holds a tab or a line break: give the file another name])])
AS_IF([test -n "$asset_file"],
  [AS_CASE([$asset_file],
    [/* | [[A-Za-z]]:[[\\/]]*], [],
    [asset_file=`pwd`/$asset_file])
   AC_MSG_RESULT([$asset_file ($asset_from)])
   AS_IF([asset_problem=`$SHELL "$srcdir/build-aux/check-asset" $3 "$asset_file" 2>&1`], [],
     [AC_MSG_ERROR([$asset_from: $asset_problem])])
   asset_override_files="$asset_override_files src/$1.override"
   asset_override_check=always],
  [AC_MSG_RESULT([assets/$1.xz])
   for asset_needs in $1.xz $1.buildinfo SHA256SUMS; do
     AS_IF([test -s "$srcdir/assets/$asset_needs"], [],
       [AC_MSG_ERROR([assets/$asset_needs is missing from the source: unpack the release again, or run guest/rebuild])])
   done
   asset_bundled_files="$asset_bundled_files \$(srcdir)/assets/$1.xz"])
asset_table="$asset_table${asset_table:+$as_nl}$1${asset_tab}$2${asset_tab}$3${asset_tab}$4${asset_tab}${asset_file:-bundled}"
ASSETS="$ASSETS${ASSETS:+ }$1"
ASSET_DIST_FILES="$ASSET_DIST_FILES assets/$1.buildinfo assets/$1.xz"
STAGED_ASSETS="$STAGED_ASSETS${STAGED_ASSETS:+ }src/$1"
ASSET_OBJECTS="$ASSET_OBJECTS${ASSET_OBJECTS:+ }src/$1.lo"
m4_popdef([asset_variable])m4_popdef([asset_symbol])dnl
])

# SUPERMACHINE_ASSET_TABLE(FILE)
# ------------------------------
# Write the rows to FILE, link the overrides to where make looks for them (a
# path with a space cannot be a prerequisite), and make the lines of the
# summary.
AC_DEFUN([SUPERMACHINE_ASSET_TABLE],
[AC_SUBST([ASSETS])
AC_SUBST([ASSET_DIST_FILES])
AC_SUBST([STAGED_ASSETS])
AC_SUBST([ASSET_OBJECTS])
AC_SUBST([ASSET_BUNDLED_FILES], [$asset_bundled_files])
AC_SUBST([ASSET_OVERRIDE_FILES], [$asset_override_files])
AC_SUBST([ASSET_OVERRIDE_CHECK], [$asset_override_check])
asset_summary=
while IFS=$asset_tab read -r name mode format description source; do
  AS_IF([test "$source" = bundled],
    [asset_size=`sed -n 's/^Size: //p' "$srcdir/assets/$name.buildinfo"`
     asset_digest=`sed -n "s/ [[ *]]$name\\$//p" "$srcdir/assets/SHA256SUMS"`],
    [asset_size=`wc -c <"$source" | tr -d ' '`
     asset_digest=`$SHA256 <"$source" | sed 's/ .*//'`])
  asset_summary="$asset_summary
  $name
      from                     $source
      size                     $asset_size bytes
      SHA-256                  $asset_digest"
done <<SUPERMACHINE_EOF
$asset_table
SUPERMACHINE_EOF
asset_summary="$asset_summary
"
AC_CONFIG_COMMANDS([$1],
 [AS_MKDIR_P([`AS_DIRNAME(["$1"])`])
  printf '%s\n' "$asset_table" | sed "s|@QUOTE@|'|g" >"$1.new"
  rm -f src/*.override
  while IFS=$asset_tab read -r name mode format description source; do
    test "$source" = bundled || ln -s "$source" "src/$name.override"
  done <"$1.new"
  AS_IF([cmp -s "$1.new" "$1"], [rm -f "$1.new"], [mv "$1.new" "$1"])],
 [asset_tab='	'
  asset_table='`printf '%s\n' "$asset_table" | sed "s/'/@QUOTE@/g"`'])
])

# SUPERMACHINE_ASSET_FILES(FILE...)
# ---------------------------------
# Like AC_CONFIG_FILES, for templates with blocks that stand once for each
# asset. An unchanged file keeps its time stamp, so that configure run again
# rebuilds nothing.
AC_DEFUN([SUPERMACHINE_ASSET_FILES],
[AC_CONFIG_FILES([$1],
 [printf '%s\n' "$asset_table" >"$ac_file.table"
  $AWK -f "$srcdir/build-aux/expand-assets.awk" "$ac_file.table" "$ac_file" >"$ac_file.new" ||
    AC_MSG_ERROR([cannot expand $ac_file])
  rm -f "$ac_file.table"
  mv "$ac_file.new" "$ac_file"],
 [AWK='$AWK'])
])

# SUPERMACHINE_COMPILER_FLAGS(VARIABLE, FLAGS)
# --------------------------------------------
# Add those of FLAGS that the compiler takes to the shell's VARIABLE. A program is
# linked, since clang warns of flags for the linker in CC where nothing is.
AC_DEFUN([SUPERMACHINE_COMPILER_FLAGS],
[saved_CFLAGS=$CFLAGS
m4_foreach_w([flag], [$2],
 [AS_VAR_PUSHDEF([cached], [supermachine_cv_cflag_]flag)dnl
  AC_CACHE_CHECK([whether $CC takes flag], [cached],
   [CFLAGS="$saved_CFLAGS -Werror flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])])
  AS_VAR_IF([cached], [yes], [$1="$$1 flag"])
  AS_VAR_POPDEF([cached])dnl
 ])
CFLAGS=$saved_CFLAGS
])

# SUPERMACHINE_PREFIX_MAP
# -----------------------
# Keep the directory of the build out of debugging information, so that the
# library is the same from wherever it was built.
AC_DEFUN([SUPERMACHINE_PREFIX_MAP],
[SUPERMACHINE_COMPILER_FLAGS([supermachine_prefix_map], [-ffile-prefix-map=a=b])
AS_IF([test -n "$supermachine_prefix_map"],
  [AM_CFLAGS="$AM_CFLAGS '-ffile-prefix-map=\$(abs_top_builddir)=.' '-ffile-prefix-map=\$(abs_top_srcdir)=.'"])
])

# SUPERMACHINE_LINKER_KEYWORDS(VARIABLE, KEYWORDS)
# ------------------------------------------------
# Add -Wl,-z,KEYWORD to the shell's VARIABLE for those of KEYWORDS that the linker
# takes without a word.
AC_DEFUN([SUPERMACHINE_LINKER_KEYWORDS],
[saved_LDFLAGS=$LDFLAGS
m4_foreach_w([keyword], [$2],
 [AC_CACHE_CHECK([whether the linker takes -z keyword], [supermachine_cv_linker_]m4_translit(keyword, [-], [_]),
   [LDFLAGS="$saved_LDFLAGS -Wl,-z,keyword -Wl,--fatal-warnings"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [supermachine_cv_linker_[]m4_translit(keyword, [-], [_])=yes],
      [supermachine_cv_linker_[]m4_translit(keyword, [-], [_])=no])])
  AS_IF([test "$supermachine_cv_linker_[]m4_translit(keyword, [-], [_])" = yes], [$1="$$1${$1:+ }-Wl,-z,keyword"])
 ])
LDFLAGS=$saved_LDFLAGS
])

# SUPERMACHINE_HARDENING
# ----------------------
# Protections of compiler and linker that cost next to nothing. All of them
# stand before CFLAGS and LDFLAGS, so that what the user or a distribution says
# there wins. _FORTIFY_SOURCE needs optimisation and may be set already, by the
# compiler itself or in CPPFLAGS: config.h looks when it is compiled.
AC_DEFUN([SUPERMACHINE_HARDENING],
[AC_ARG_ENABLE([hardening],
  [AS_HELP_STRING([--disable-hardening],
    [leave out the protections of compiler and linker, as for a build with a sanitizer])],
  [], [enable_hardening=yes])
hardening_cflags= hardening_ldflags= hardening_fortify= hardening_summary=no
AS_IF([test "$enable_hardening" != no],
  [SUPERMACHINE_COMPILER_FLAGS([hardening_cflags],
     [-fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard])
   SUPERMACHINE_LINKER_KEYWORDS([hardening_ldflags], [relro now noexecstack separate-code])
   AC_CACHE_CHECK([for the highest level of _FORTIFY_SOURCE], [supermachine_cv_fortify],
     [supermachine_cv_fortify=2
      saved_CFLAGS=$CFLAGS
      CFLAGS="-O2 -Werror"
      AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 3
#include <stdio.h>]])], [supermachine_cv_fortify=3])
      CFLAGS=$saved_CFLAGS])
   AC_DEFINE_UNQUOTED([FORTIFY_LEVEL], [$supermachine_cv_fortify],
     [Define to the level of _FORTIFY_SOURCE that the C library is to have.])
   hardening_fortify=" -D_FORTIFY_SOURCE=$supermachine_cv_fortify where optimised"
   hardening_summary=`echo $hardening_cflags $hardening_ldflags$hardening_fortify`])
AH_BOTTOM([#if defined FORTIFY_LEVEL && defined __OPTIMIZE__ && !defined _FORTIFY_SOURCE
# define _FORTIFY_SOURCE FORTIFY_LEVEL
#endif])
AM_CFLAGS="$AM_CFLAGS$hardening_cflags"
AC_SUBST([HARDENING_CFLAGS], [$hardening_cflags])
AC_SUBST([AM_LDFLAGS], [$hardening_ldflags])
])

# SUPERMACHINE_VERSION_SCRIPT
# ---------------------------
# Whether the linker takes a version script. Mach-O and PE have no symbol
# versions; there -fvisibility=hidden alone keeps the inside in.
AC_DEFUN([SUPERMACHINE_VERSION_SCRIPT],
[AC_CACHE_CHECK([whether the linker takes a version script],
  [supermachine_cv_version_script],
  [echo 'SUPERMACHINE_TEST { global: main; local: *; };' >conftest.map
   saved_LDFLAGS=$LDFLAGS
   LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
   AC_LINK_IFELSE([AC_LANG_PROGRAM()],
     [supermachine_cv_version_script=yes], [supermachine_cv_version_script=no])
   LDFLAGS=$saved_LDFLAGS
   rm -f conftest.map])
AM_CONDITIONAL([HAVE_VERSION_SCRIPT], [test "$supermachine_cv_version_script" = yes])
])

# SUPERMACHINE_PROG_SHA256
# ------------------------
# A command that prints the SHA-256 of its standard input first on its line.
# Every system has one; no two families have the same.
AC_DEFUN([SUPERMACHINE_PROG_SHA256],
[AC_ARG_VAR([SHA256], [command that prints the SHA-256 of its standard input])
AC_CACHE_CHECK([for a SHA-256 command], [supermachine_cv_prog_sha256],
  [supermachine_cv_prog_sha256=none
   set sha256sum 'shasum -a 256' 'sha256 -q' 'openssl dgst -sha256 -r'
   AS_IF([test -n "$SHA256"], [set "$SHA256"])
   for candidate do
     AS_CASE([`($candidate </dev/null) 2>/dev/null`],
       [e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855*],
         [supermachine_cv_prog_sha256=$candidate; break])
   done])
AS_CASE([$supermachine_cv_prog_sha256$SHA256],
  [none], [SUPERMACHINE_FAIL([no command prints a SHA-256, and a payload is not used unchecked],
    [install coreutils (sha256sum), or name a command with SHA256=])],
  [none*], [SUPERMACHINE_FAIL(['$SHA256' does not print the SHA-256 of its standard input],
    [name a command that does with SHA256=, or leave that out])])
SHA256=$supermachine_cv_prog_sha256
])

# SUPERMACHINE_VERSION_NUMBER
# ---------------------------
# The version as a number that a preprocessor can compare.
AC_DEFUN([SUPERMACHINE_VERSION_NUMBER],
[AC_SUBST([VERSION_NUMBER],
  [`echo "$PACKAGE_VERSION" | $AWK -F. '{ print $[]1 * 1000000 + $[]2 * 1000 + $[]3 }'`])
])

# SUPERMACHINE_PKG_LIBRARY(VARIABLE, MODULE, FUNCTION)
# ----------------------------------------------------
# Set have_VARIABLE to yes if pkg-config knows MODULE and FUNCTION links with it,
# which it does not when the .pc file is that of another machine or C library.
AC_DEFUN([SUPERMACHINE_PKG_LIBRARY],
[PKG_CHECK_MODULES([$1], [$2], [have_$1=yes], [have_$1=no])
AS_IF([test "$have_$1" = yes],
  [AC_CACHE_CHECK([whether $3 links], [supermachine_cv_links_$3],
     [saved_LIBS=$LIBS
      LIBS="$[]$1[]_LIBS $LIBS"
      AC_LINK_IFELSE([AC_LANG_CALL([], [$3])],
        [supermachine_cv_links_$3=yes], [supermachine_cv_links_$3=no])
      LIBS=$saved_LIBS])
   have_$1=$supermachine_cv_links_$3])
# What it said of another machine is not for the Makefile.
AS_IF([test "$have_$1" = no], [$1_CFLAGS= $1_LIBS=])
])

# SUPERMACHINE_PAYLOAD
# --------------------
# In which form the assets are embedded, and what that asks of the library.
AC_DEFUN([SUPERMACHINE_PAYLOAD],
[AC_ARG_WITH([payload],
  [AS_HELP_STRING([--with-payload=raw|xz],
    [embed the assets as they are, usable in place (raw, the default), or compressed: a third of the size, decoded by liblzma on use (xz)])],
  [], [with_payload=raw])
AS_CASE([$with_payload],
  [raw], [payload_summary='raw, usable in place'
    RAW_ONLY= EMBEDDED_SUFFIX= EMBEDDED_ALIGNMENT=65536],
  [xz], [payload_summary='xz, decoded on use'
    RAW_ONLY='@%:@' EMBEDDED_SUFFIX=.xz EMBEDDED_ALIGNMENT=16],
  [AC_MSG_ERROR([--with-payload=$with_payload is not known: give raw or xz])])
AM_CONDITIONAL([PAYLOAD_XZ], [test "$with_payload" = xz])
AS_IF([test "$with_payload" = xz],
  [AS_IF([test "$have_LZMA" = yes], [],
     [test "$cross_compiling" = yes],
     [SUPERMACHINE_FAIL([--with-payload=xz needs liblzma 5.2 or later for $host, and pkg-config ('$PKG_CONFIG') finds none that links],
       [install it for that machine and lead pkg-config there with PKG_CONFIG= or PKG_CONFIG_LIBDIR=, or take --with-payload=raw])],
     [SUPERMACHINE_FAIL([--with-payload=xz needs liblzma 5.2 or later, and pkg-config finds none that links],
       [install it (brew install xz, apt install liblzma-dev, or dnf install xz-devel), or take --with-payload=raw])])
   AS_IF([test -n "$asset_override_files" && test -z "$XZ"],
     [SUPERMACHINE_FAIL([the xz program is missing, and with --with-payload=xz it compresses the files that you gave],
       [install it: brew install xz, apt install xz-utils, or dnf install xz])])
   AC_DEFINE([PAYLOAD_XZ], [1], [Define to 1 if the assets are embedded as .xz files.])
   # The same as in guest/rebuild, and for the same reasons.
   ENCODE_XZ="${XZ:-xz} --format=xz --check=crc64 --threads=1 --lzma2=preset=9e,dict=1MiB,lc=2,lp=2,pb=2 -c"
   SUPERMACHINE_COMPILER_FLAGS([payload_thread_flags], [-pthread])
   AM_CFLAGS="$AM_CFLAGS $payload_thread_flags $LZMA_CFLAGS"
   PAYLOAD_REQUIRES='liblzma >= 5.2'
   PAYLOAD_LIBS="$LZMA_LIBS$payload_thread_flags"
   PAYLOAD_PRIVATE_LIBS=$payload_thread_flags
   AC_CHECK_FUNCS([memfd_create])],
  [AC_CHECK_HEADERS([linux/fs.h])])
EMBEDDED_ASSETS=$STAGED_ASSETS ENCODED_ASSETS=
AS_IF([test -n "$EMBEDDED_SUFFIX"],
  [for asset in $STAGED_ASSETS; do
     ENCODED_ASSETS="$ENCODED_ASSETS${ENCODED_ASSETS:+ }$asset$EMBEDDED_SUFFIX"
   done
   EMBEDDED_ASSETS=$ENCODED_ASSETS])
AC_SUBST([PAYLOAD], [$with_payload])
AC_SUBST([RAW_ONLY])
AC_SUBST([ENCODE_XZ])
AC_SUBST([EMBEDDED_ASSETS])
AC_SUBST([ENCODED_ASSETS])
AC_SUBST([EMBEDDED_SUFFIX])
AC_SUBST([EMBEDDED_ALIGNMENT])
AC_SUBST([PAYLOAD_LIBS])
AC_SUBST([PAYLOAD_PRIVATE_LIBS])
AC_SUBST([PAYLOAD_REQUIRES])
])

# SUPERMACHINE_PROG_XZ
# --------------------
# The xz program decodes the payloads. Where only liblzma is installed, a small
# decoder of our own is built on it and runs while building, which a cross
# build cannot do.
AC_DEFUN([SUPERMACHINE_PROG_XZ],
[AC_ARG_VAR([XZ], [xz program that decodes the bundled payloads])
xz_asked_for=$XZ
AC_CHECK_PROGS([XZ], [xz])
SUPERMACHINE_PKG_LIBRARY([LZMA], [liblzma >= 5.2], [lzma_stream_decoder])
AS_IF([test -n "$XZ"],
  [# "works", compressed: a program of another kind may well run, too.
   AS_IF([test "`printf '\375\067\172\130\132\000\000\001\151\042\336\066\002\000\041\001\034\000\000\000\020\317\130\314\001\000\004\167\157\162\153\163\000\000\000\000\103\002\345\366\000\001\031\005\274\350\354\313\220\102\231\015\001\000\000\000\000\001\131\132' |
       ($XZ -dc) 2>/dev/null`" = works], [],
     [SUPERMACHINE_FAIL(['$XZ' does not decode an .xz file],
       [install xz 5.2 or later, or name a working one with XZ=])])
   DECODE_XZ="$XZ -dc"
   xz_summary=$XZ],
  [AS_IF([test "$have_LZMA$cross_compiling" = yesno],
     [DECODE_XZ='build-aux/decode-xz$(EXEEXT)'
      DECODER=$DECODE_XZ
      xz_summary='build-aux/decode-xz, made for this build on liblzma'],
     [SUPERMACHINE_FAIL([the xz program is missing, and the bundled payloads are .xz files],
       [install it: brew install xz, apt install xz-utils, or dnf install xz])])])
AC_SUBST([DECODE_XZ])
AC_SUBST([DECODER])
])

# SUPERMACHINE_EMBED
# ------------------
# How an asset becomes an object: by the linker, or where that cannot do it
# (see build-aux/embed-asset) by the assembler's .incbin. Linkers that do not
# know READONLY may only warn; a warning of the compiler driver, as that of clang
# about -fuse-ld= where nothing is linked, does not count against .incbin.
AC_DEFUN([SUPERMACHINE_EMBED],
[AC_CACHE_CHECK([how to embed a file in an object], [supermachine_cv_embed],
  [supermachine_cv_embed=none
   echo asset >conftest.asset
   saved_LIBS=$LIBS
   LIBS="conftest-asset.$ac_objext $LIBS"
   for method in linker incbin; do
     AS_IF([$SHELL "$srcdir/build-aux/embed-asset" --method=$method --symbol=asset \
              --alignment=65536 --asset=conftest.asset $CC $CPPFLAGS $HARDENING_CFLAGS $CFLAGS conftest.asset \
              -o conftest-asset.$ac_objext >conftest.err 2>&1 &&
              { test $method = incbin || test ! -s conftest.err; }],
       [AC_LINK_IFELSE([AC_LANG_PROGRAM([[extern const char asset[];]], [[return asset[0] == 0;]])],
         [supermachine_cv_embed=$method; break])],
       [cat conftest.err >&AS_MESSAGE_LOG_FD])
   done
   LIBS=$saved_LIBS
   rm -f conftest.* conftest-asset.*])
AS_CASE([$supermachine_cv_embed],
  [linker], [embed_summary="$CC -r -Wl,-b,binary"],
  [incbin], [embed_summary="$CC -c, with .incbin"],
  [SUPERMACHINE_FAIL([neither the linker nor the assembler of '$CC' can embed a file],
    [use gcc or clang with GNU binutils or LLVM; config.log has what they said])])
AC_SUBST([EMBED_METHOD], [$supermachine_cv_embed])
])
