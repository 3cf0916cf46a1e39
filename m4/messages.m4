# SPDX-License-Identifier: Apache-2.0
# How configure says what is wrong.

# SUPERMACHINE_FAIL(WHAT-IS-WRONG, WHAT-TO-DO)
# --------------------------------------------
# Stop with one line for each.
AC_DEFUN([SUPERMACHINE_FAIL],
[AC_MSG_ERROR([$1
$2])])

# SUPERMACHINE_WRITABLE_BUILD
# ---------------------------
# Stop before config.log is opened where it cannot be written: configure's own
# messages would be a line for each attempt.
AC_DEFUN([SUPERMACHINE_WRITABLE_BUILD],
[m4_divert_text([VERSION_END],
[(echo test >conftest.writable) 2>/dev/null || {
  rm -f conftest.writable
  AS_ECHO(["$as_me: error: the build directory cannot be written to: make room on its disk, or run configure in another one"]) >&2
  AS_EXIT([1])
}
rm -f conftest.writable])
])
