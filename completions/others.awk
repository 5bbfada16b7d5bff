# others.awk - the completion of a tool for zsh or fish, from its table of options.
# Environment: NAME, COMMANDS, COMPLETED_SHELL.
BEGIN { mark = "'\\''" }
NR == 1 { next }
{
	option[++n] = $1; letter[n] = $2; kind[n] = $3; value[n] = $4; choices[n] = $6
	help[n] = $7
	repeats[n] = $3 == "list" || $3 == "rename"
}
# In single quotes of a shell.
function quoted(text)
{
	gsub(/'/, mark, text)
	return "'" text "'"
}
# What _arguments takes for special in a description or a message.
function plain(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/\[/, "\\[", text)
	gsub(/\]/, "\\]", text)
	gsub(/:/, "\\:", text)
	return text
}
function zsh_action(i)
{
	if (kind[i] == "choice") {
		gsub(/[|]/, " ", choices[i])
		return "(" choices[i] ")"
	}
	return kind[i] ~ /^(file|output|state)$/ ? "_files" : " "
}
function zsh(    i, spec, text)
{
	printf "#compdef %s\n_arguments -s -S \\\n", ENVIRON["NAME"]
	for (i = 1; i <= n; i++) {
		text = "[" plain(help[i]) "]" (value[i] == "" ? "" : ":" plain(value[i]) ":" zsh_action(i))
		spec = (repeats[i] ? "*" : "") "--" option[i] (value[i] == "" ? "" : "=") text
		printf "  %s \\\n", quoted(spec)
		if (letter[i] != "")
			printf "  %s \\\n", quoted((repeats[i] ? "*" : "") "-" letter[i] (value[i] == "" ? "" : "+") text)
	}
	if (ENVIRON["COMMANDS"] != "")
		printf "  %s \\\n", quoted("1:command:(" ENVIRON["COMMANDS"] ")")
	print "  '*:file:_files'"
}
function fish_quoted(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/'/, "\\'", text)
	return "'" text "'"
}
function fish(    i, line)
{
	for (i = 1; i <= n; i++) {
		line = "complete -c " ENVIRON["NAME"] " -l " option[i]
		if (letter[i] != "")
			line = line " -s " letter[i]
		if (kind[i] == "choice") {
			gsub(/[|]/, " ", choices[i])
			line = line " -x -a " fish_quoted(choices[i])
		} else if (value[i] != "") {
			line = line (kind[i] ~ /^(file|output|state)$/ ? " -r -F" : " -x")
		}
		print line " -d " fish_quoted(help[i])
	}
	if (ENVIRON["COMMANDS"] != "")
		printf "complete -c %s -n __fish_use_subcommand -a %s\n", ENVIRON["NAME"], fish_quoted(ENVIRON["COMMANDS"])
}
END {
	if (ENVIRON["COMPLETED_SHELL"] == "zsh")
		zsh()
	else
		fish()
}
