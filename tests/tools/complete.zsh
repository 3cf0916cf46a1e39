#!/usr/bin/env zsh
# SPDX-License-Identifier: Apache-2.0
#
# Usage: zsh -f complete.zsh DIRECTORY LINE
#
# Print what zsh completes LINE to, with the function in DIRECTORY. There is no
# way to ask; so this types the line on a terminal of its own, and reads the list.
zmodload zsh/zpty
zpty shell zsh -f -i
# compadd is what every completion ends in, and also what it looks things up with
# (-O, -A, -D). The marks must not be found in the echo of the command.
zpty -w shell "PROMPT=; stty cols 200; unsetopt always_last_prompt; setopt auto_list no_list_ambiguous
	fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D
	compadd() {
		[[ \"\${@[1,(i)(-|--)]}\" == *-(O|A|D)' '* ]] || {
			local -a matches
			builtin compadd -O matches \"\$@\"
			(( ! \$#matches )) || print -rl -- :match:\$^matches
		}
		builtin compadd \"\$@\"
	}
	comppostfuncs=(finish)
	finish() { print :fin''ish: }
	bindkey '^I' complete-word
	print :rea''dy:"
zpty -r shell output '*:ready:*'
zpty -n -w shell "$2"$'\t'
zpty -r shell output '*:finish:*'
print -r -- "$output" | tr -d '\r' | sed -n 's/.*:match://p'
zpty -d shell
