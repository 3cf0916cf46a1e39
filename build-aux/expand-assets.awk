# SPDX-License-Identifier: Apache-2.0
#
# Expand a template: the lines between "@for_each_asset@" and
# "@end_for_each_asset@" are repeated for each row of the table of assets, or with
# "@for_each_asset KIND@" for each row of that kind. "@comma@" is a space and
# a comma in all of these but the last, for lists of names in manuals.
# "@asset_summary@" is the description up to its first comma, which is the same for
# all guests; so manuals that have it are the same, too.
#
# Usage: awk -f expand-assets.awk TABLE TEMPLATE

BEGIN { FS = "\t" }

FNR == NR {
	name[++rows] = $1
	mode[rows] = $2
	kind[rows] = $3
	description[rows] = $4
	next
}

/^@for_each_asset( [a-z0-9-]+)?@$/ {
	inside = 1
	lines = 0
	wanted = $0
	gsub(/^@for_each_asset ?|@$/, "", wanted)
	next
}

/^@end_for_each_asset@$/ {
	inside = 0
	last = 0
	for (row = 1; row <= rows; row++)
		if (wanted == "" || wanted == kind[row])
			last = row
	for (row = 1; row <= rows; row++) {
		if (wanted != "" && wanted != kind[row])
			continue
		symbol = name[row]
		gsub(/-/, "_", symbol)
		summary = description[row]
		sub(/,.*/, "", summary)
		for (i = 1; i <= lines; i++) {
			text = block[i]
			gsub(/@asset@/, name[row], text)
			gsub(/@asset_symbol@/, symbol, text)
			gsub(/@ASSET_SYMBOL@/, toupper(symbol), text)
			gsub(/@asset_mode@/, mode[row], text)
			gsub(/@asset_summary@/, summary, text)
			gsub(/@asset_description@/, description[row], text)
			gsub(/@comma@/, row == last ? "" : " ,", text)
			print text
		}
	}
	next
}

inside { block[++lines] = $0; next }
{ print }

END {
	if (inside) {
		print "expand-assets: a block is not closed" > "/dev/stderr"
		exit 1
	}
}
