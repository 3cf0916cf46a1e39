# SPDX-License-Identifier: Apache-2.0
# The payload: the programs that check and decode it, its form, and how it becomes objects.

# SUPERMACHINE_PROG_SHA256
# ------------------------
# A command that prints the SHA-256 of its standard input first on its line.
# Every system has one, but each family of systems a different one.
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
  [# "works", compressed: a program of another kind may run without an error, too.
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

# SUPERMACHINE_PAYLOAD
# --------------------
# The form in which the assets are embedded, and what the library needs for it.
AC_DEFUN([SUPERMACHINE_PAYLOAD],
[AC_ARG_WITH([payload],
  [AS_HELP_STRING([--with-payload=raw|xz],
    [embed the assets uncompressed, usable in place (raw, the default), or compressed to a third of the size, decoded by liblzma on use (xz)])],
  [], [with_payload=raw])
AS_CASE([$with_payload],
  [raw], [payload_summary='raw, usable in place'
    RAW_ONLY= EMBEDDED_SUFFIX= EMBEDDED_ALIGNMENT=65536],
  [xz], [payload_summary='xz, decoded on use'
    RAW_ONLY='@%:@' EMBEDDED_SUFFIX=.xz EMBEDDED_ALIGNMENT=16],
  [yes | ''], [AC_MSG_ERROR([--with-payload needs a form: give raw or xz])],
  [no], [AC_MSG_ERROR([--without-payload is not possible: give --with-payload=raw or --with-payload=xz])],
  [AC_MSG_ERROR([--with-payload=$with_payload is not known: give raw or xz])])
AM_CONDITIONAL([PAYLOAD_XZ], [test "$with_payload" = xz])
# To hold cancellation back: some C libraries have a library for it.
SUPERMACHINE_COMPILER_FLAGS([thread_flags], [-pthread])
AM_CFLAGS="$AM_CFLAGS$thread_flags"
PAYLOAD_LIBS=$thread_flags
PAYLOAD_PRIVATE_LIBS=$thread_flags
AS_IF([test "$with_payload" = xz],
  [AS_IF([test "$have_LZMA" = yes], [],
     [test "$cross_compiling" = yes],
     [SUPERMACHINE_FAIL([--with-payload=xz needs liblzma 5.2 or later for $host, and pkg-config ('$PKG_CONFIG') finds none that links],
       [install it for that machine and point pkg-config to it with PKG_CONFIG= or PKG_CONFIG_LIBDIR=, or use --with-payload=raw])],
     [SUPERMACHINE_FAIL([--with-payload=xz needs liblzma 5.2 or later, and pkg-config finds none that links],
       [install it (brew install xz, apt install liblzma-dev, or dnf install xz-devel), or use --with-payload=raw])])
   AS_IF([test -n "$asset_override_files" && test -z "$XZ"],
     [SUPERMACHINE_FAIL([the xz program is missing, and with --with-payload=xz it compresses the files that you gave],
       [install it: brew install xz, apt install xz-utils, or dnf install xz])])
   AC_DEFINE([PAYLOAD_XZ], [1], [Define to 1 if the assets are embedded as .xz files.])
   # The same as in guest/rebuild, and for the same reasons.
   ENCODE_XZ="${XZ:-xz} --format=xz --check=crc64 --threads=1 $guest_xz_filter --lzma2=preset=9e,dict=4MiB,$guest_xz_coding -c"
   AM_CFLAGS="$AM_CFLAGS $LZMA_CFLAGS"
   PAYLOAD_REQUIRES='liblzma >= 5.2'
   PAYLOAD_LIBS="$LZMA_LIBS $PAYLOAD_LIBS"],
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

# SUPERMACHINE_EMBED
# ------------------
# How an asset becomes an object: by the linker, or where that cannot do it
# (see build-aux/embed-asset, which fails where the object is not as it has to be) by
# the assembler's .incbin. Linkers that do not know READONLY may only warn; a warning
# of the compiler driver, as that of clang about -fuse-ld= where nothing is linked,
# does not count against .incbin.
AC_DEFUN([SUPERMACHINE_EMBED],
[AC_CACHE_CHECK([how to embed a file in an object], [supermachine_cv_embed],
  [supermachine_cv_embed=none
   echo asset >conftest.asset
   saved_LIBS=$LIBS
   LIBS="conftest-asset.$ac_objext $LIBS"
   for method in linker incbin; do
     AS_IF([CONFIG_SHELL=$SHELL $SHELL "$srcdir/build-aux/embed-asset" --method=$method --symbol=asset \
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
