# SPDX-License-Identifier: Apache-2.0
#
# Usage: awk -v name=NAME -f format-differences.awk FILE DIFFERENCES
#
# Of DIFFERENCES, made by diff -U0 of FILE with what clang-format makes of it, print
# those that count: a line that would be indented or spaced in another way. Where
# clang-format makes more lines of it, or less, people have decided where to break; and
# so they have on how a statement goes on that the line before has begun.

# The end of a statement, of its beginning that is whole, or of a comment.
function ends(line)
{
	return line == "" || line ~ /([;{}:]|\*\/)$/
}

FNR == NR {
	sub(/[ \t]*\/\*.*\*\/$/, "")
	line[FNR] = $0
	next
}

/^@@/ {
	first = old = $2
	sub(/^-/, "", first)
	sub(/,.*/, "", first)
	lines = old ~ /,/ ? substr(old, index(old, ",") + 1) : 1
	new_lines = $3 ~ /,/ ? substr($3, index($3, ",") + 1) : 1
	at = first + 0
	counts = lines == new_lines
	next
}

/^(---|\+\+\+)/ { next }

counts && /^-/ {
	if (ends(line[at - 1]) && line[at] !~ /^(#|[ \t]*")/) {
		printf "%s:%d: is not formatted as .clang-format has it:\n%s\n", name, at, substr($0, 2)
		found = 1
	}
	at++
}

END { exit found }
