# SPDX-License-Identifier: Apache-2.0
# Assets: one row each, and what is made of the rows.

# SUPERMACHINE_ASSET(NAME, MODE, KIND, DESCRIPTION)
# -------------------------------------------------
# One asset: its option, its variable, where its bytes come from (the first of
# option, variable, assets/GUEST/NAME.xz), and its row in the table that the scripts
# in build-aux read. An override is checked here already: a configure that fails
# at once is a better answer than a build that fails after a minute.
AC_DEFUN([SUPERMACHINE_ASSET],
[m4_pushdef([asset_symbol], m4_translit([[$1]], [-], [_]))dnl
m4_pushdef([asset_variable], [SUPERMACHINE_]m4_translit([[$1]], [a-z-], [A-Z_])[_PATH])dnl
AC_ARG_WITH([$1],
  [AS_HELP_STRING([--with-$1=FILE],
    [take the $1 from the raw FILE instead of the bundled one])])
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
   AS_IF([asset_problem=`GUEST=$GUEST GUESTS=$GUESTS $SHELL "$srcdir/build-aux/check-asset" $3 "$asset_file" 2>&1`], [],
     [AC_MSG_ERROR([$asset_from: $asset_problem])])
   asset_override_files="$asset_override_files src/$1.override"
   asset_override_check=always],
  [AC_MSG_RESULT([assets/$GUEST/$1.xz])
   for asset_needs in $1.xz $1.buildinfo SHA256SUMS; do
     AS_IF([test -s "$srcdir/assets/$GUEST/$asset_needs"], [],
       [AC_MSG_ERROR([assets/$GUEST/$asset_needs is missing from the source: unpack the release again, or run guest/rebuild])])
   done
   asset_bundled_files="$asset_bundled_files \$(srcdir)/assets/$GUEST/$1.xz"])
asset_table="$asset_table${asset_table:+$as_nl}$1${asset_tab}$2${asset_tab}$3${asset_tab}$4${asset_tab}${asset_file:-bundled}"
asset_names="$asset_names${asset_names:+ }$1"
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
[AC_SUBST([ASSETS], [$asset_names])
SUPERMACHINE_ASSET_DIST_FILES
AC_SUBST([STAGED_ASSETS])
AC_SUBST([ASSET_OBJECTS])
AC_SUBST([ASSET_BUNDLED_FILES], [$asset_bundled_files])
AC_SUBST([ASSET_OVERRIDE_FILES], [$asset_override_files])
AC_SUBST([ASSET_OVERRIDE_CHECK], [$asset_override_check])
asset_summary=
while IFS=$asset_tab read -r name mode kind description source; do
  AS_IF([test "$source" = bundled],
    [asset_size=`sed -n 's/^Size: //p' "$srcdir/assets/$GUEST/$name.buildinfo"`
     asset_digest=`sed -n "s/ [[ *]]$name\\$//p" "$srcdir/assets/$GUEST/SHA256SUMS"`],
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
  while IFS=$asset_tab read -r name mode kind description source; do
    test "$source" = bundled || ln -s "$source" "src/$name.override"
  done <"$1.new"
  AS_IF([cmp -s "$1.new" "$1"], [rm -f "$1.new"], [mv "$1.new" "$1"])],
 [asset_tab='	'
  asset_table='`printf '%s\n' "$asset_table" | sed "s/'/@QUOTE@/g"`'])
])

# SUPERMACHINE_ASSET_DIST_FILES
# -----------------------------
# What a release carries: the assets of every guest, whichever was chosen, and what
# stage-assets and make-sbom read of the chosen one.
AC_DEFUN([SUPERMACHINE_ASSET_DIST_FILES],
[for asset_guest in $GUESTS; do
  asset_guest=assets/${asset_guest%%:*}
  test -s "$srcdir/$asset_guest/SHA256SUMS" || continue
  ASSET_DIST_FILES="$ASSET_DIST_FILES $asset_guest/SHA256SUMS"
  for asset in $asset_names; do
    ASSET_DIST_FILES="$ASSET_DIST_FILES $asset_guest/$asset.buildinfo $asset_guest/$asset.xz"
  done
done
AS_IF([test -s "$srcdir/assets/$GUEST/SHA256SUMS"], [ASSET_SUMS="\$(srcdir)/assets/$GUEST/SHA256SUMS"])
AC_SUBST([ASSET_DIST_FILES])
AC_SUBST([ASSET_SUMS])
])

# SUPERMACHINE_ASSET_FILES(FILE...)
# ---------------------------------
# Like AC_CONFIG_FILES, for templates with blocks that are repeated for each
# asset. An unchanged file keeps its time stamp, so that running configure again
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
