# SPDX-License-Identifier: Apache-2.0
# Guests: one row each, and the one whose assets the library carries.

# SUPERMACHINE_GUEST(NAME, MACHINE, FORMAT, KERNEL, QEMU, PACKAGE, XZ-FILTER, XZ-CODING)
# --------------------------------------------------------------------------------------
# One architecture of guests: its name as in assets/NAME and as config.guess has it,
# its number in the header of an ELF file (e_machine), the format of its kernel
# (build-aux/check-asset), what that is in words, the program that emulates the
# machine, and Debian's package with it; and what guest/rebuild tells xz about the
# machine's instructions.
AC_DEFUN([SUPERMACHINE_GUEST],
[m4_append([supermachine_guests], [$1], [|])dnl
guest_table="$guest_table${guest_table:+$as_nl}$1|$2|$3|$4|$5|$6|$7|$8"
])

# SUPERMACHINE_CHOOSE_GUEST
# -------------------------
# One guest of those in the rows before: GUEST is its name, and guest_kernel and the
# like are its row. GUESTS has them all, for build-aux/check-asset, which recognizes
# an asset for another one, and GUEST_NAMES says them in words.
AC_DEFUN([SUPERMACHINE_CHOOSE_GUEST],
[AC_REQUIRE([AC_CANONICAL_HOST])dnl
AC_ARG_WITH([guest],
  [AS_HELP_STRING([--with-guest=]m4_defn([supermachine_guests]),
    [carry the programs for guests of this architecture; the default is that of the machine on which the library will run, if there are programs for it, else aarch64])])
AC_MSG_CHECKING([which guest the library is for])
GUEST=aarch64 guest_why="there is none for $host_cpu" GUESTS= guest_known=
while IFS='|' read -r name machine format kernel qemu package filter coding; do
  GUESTS="$GUESTS${GUESTS:+ }$name:$machine:$format"
  guest_known="$guest_known${guest_known:+ or }$name"
  AS_IF([test "$name" = "$host_cpu" && test -s "$srcdir/assets/$name/kernel.xz"],
    [GUEST=$name guest_why='as the machine on which the library will run'])
done <<SUPERMACHINE_EOF
$guest_table
SUPERMACHINE_EOF
AS_IF([test "${with_guest+set}" = set], [GUEST=$with_guest guest_why='--with-guest'])
guest_kernel=
while IFS='|' read -r name machine format kernel qemu package filter coding; do
  AS_IF([test "$name" = "$GUEST"],
    [guest_kernel=$kernel guest_qemu=$qemu guest_qemu_package=$package
     guest_xz_filter=$filter guest_xz_coding=$coding])
done <<SUPERMACHINE_EOF
$guest_table
SUPERMACHINE_EOF
AS_IF([test -z "$guest_kernel"],
  [AC_MSG_RESULT([none])
   AS_CASE([$GUEST],
     [yes], [AC_MSG_ERROR([--with-guest needs an architecture: give $guest_known])],
     [no], [AC_MSG_ERROR([--without-guest is not possible: give --with-guest=ARCHITECTURE, which is $guest_known])],
     [AC_MSG_ERROR([--with-guest=$GUEST is not known: give $guest_known])])])
AC_MSG_RESULT([$GUEST ($guest_why)])
AC_SUBST([GUEST])
AC_SUBST([GUESTS])
AC_SUBST([GUEST_NAMES], [$guest_known])
])
