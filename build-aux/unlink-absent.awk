# SPDX-License-Identifier: Apache-2.0
#
# Usage: awk -v there='FILE...' -f unlink-absent.awk PAGE
#
# Print a page in Markdown as it is installed: a link to a file that is not among
# those that are there becomes its own text.

BEGIN { count = split(there, files, " ") }

{ page = page $0 "\n" }

# Whether a link leads to a file that is there, to a directory of one, or elsewhere:
# to a place in this page, or to the web.
function leads_somewhere(target,    i)
{
	if (target ~ /^(#|[a-z]+:)/)
		return 1
	sub(/#.*/, "", target)
	sub(/\/$/, "", target)
	for (i = 1; i <= count; i++)
		if (files[i] == target || index(files[i], target "/") == 1)
			return 1
	return 0
}

END {
	# A text may go on in another line.
	while (match(page, /!?\[[^][]*\]\([^() \n]*\)/)) {
		link = substr(page, RSTART, RLENGTH)
		text = link
		sub(/\]\([^()]*\)$/, "", text)
		target = substr(link, length(text) + 3)
		target = substr(target, 1, length(target) - 1)
		sub(/^!?\[/, "", text)
		printf "%s%s", substr(page, 1, RSTART - 1), leads_somewhere(target) ? link : text
		page = substr(page, RSTART + RLENGTH)
	}
	printf "%s", page
}
