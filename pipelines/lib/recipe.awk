# recipe.awk - checks a recipe (recpipe-formats(5)) and prints it for recipe.sh: a row for each
# option, MODEL TOOL OPTION VALUE, where TOOL is fit, list or blend, and for each model the row
# MODEL family FAMILY. Whatever it prints is letters, digits and -.,+_ alone: words for a
# command line. Anything else is an error, by file and line. After quote.awk; RECIPE_NAME is
# the file's name, RECIPE_BY the script's.

function bad(text)
{
	print shown(ENVIRON["RECIPE_BY"] ": " ENVIRON["RECIPE_NAME"] ":" NR ": " text) > "/dev/stderr"
	failed = 1
	exit 3
}

function value(text)
{
	return "\"" (length(text) > 60 ? substr(text, 1, 60) "..." : text) "\""
}

# may FAMILIES OPTIONS: which options these may have, as TOOL:OPTION:KIND
function may(families, options,    f, o, n, m, i, j, part)
{
	n = split(families, f, " ")
	m = split(options, o, " ")
	for (i = 1; i <= n; i++) {
		known[f[i]]
		for (j = 1; j <= m; j++) {
			split(o[j], part, ":")
			tool[f[i], part[2]] = part[1]
			kind[f[i], part[2]] = part[3]
		}
	}
}

BEGIN {
	number = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
	form["number"] = "^" number "$"
	form["numbers"] = "^" number "(," number ")*$"
	form["time"] = "^([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?(ms|s|m|h|d|w)?$"
	form["word"] = "^[a-z][a-z0-9-]*$"

	factors = "fit:factors:number fit:init-scale:number"
	steps = " fit:learning-rate:number fit:optimizer:word fit:rho:number fit:epsilon:number"
	alphas = " fit:user-alpha:number fit:item-alpha:number"
	history = " list:last:number list:decay:number"
	ridge = "fit:ridge:number fit:dropout:number fit:k:number fit:max-history:number"
	scaled = " fit:user-exponent:number fit:item-exponent:number fit:history-exponent:number"
	may("baseline", "list:half-life:time")
	may("warp", factors steps alphas " fit:max-sampled:number")
	may("warp-kos", factors steps alphas " fit:max-sampled:number fit:kos-k:number fit:kos-n:number")
	may("bpr logistic", factors steps alphas)
	may("softmax", "fit:factors:number" steps " fit:negatives:number fit:temperature:number")
	may("ccl", "fit:factors:number" steps \
		" fit:negatives:number fit:margin:number fit:negative-weight:number")
	may("ials", factors " fit:regularization:number fit:regularization-exponent:number" \
		" fit:unobserved-weight:number fit:solver:word fit:cg-steps:number")
	may("svd", "fit:factors:number fit:user-exponent:number fit:item-exponent:number" \
		" fit:power-iterations:number fit:oversampling:number")
	may("knn", "fit:similarity:word fit:shrink:number fit:k:number fit:min-count:number" \
		" fit:max-history:number fit:bm25-k1:number fit:bm25-b:number" history)
	may("next", "fit:window:number fit:gap-exponent:number fit:session-gap:time fit:half-life:time" \
		" fit:shrink:number fit:popularity-exponent:number fit:k:number fit:min-count:number" \
		" fit:max-history:number" history)
	may("ridge", ridge scaled " fit:precision:word" history)
	may("sparse-ridge", ridge scaled " fit:candidates:number" history)
	may("next-ridge", ridge " fit:window:number fit:gap-exponent:number fit:decay:number" \
		" fit:session-gap:time fit:candidates:number list:last:number")
	may("blend", "blend:method:word blend:normalize:word blend:rrf-k:number blend:weight:numbers")
	models = 0
}

{ sub(/\r$/, "") }

NR == 1 {
	sub(/^\357\273\277/, "")
	if ($0 != "model\toption\tvalue")
		bad("not a recipe: the header is not 'model option value'")
	next
}

NF != 3 { bad(NF " fields, the header has 3") }
NR > 1000 { bad("more rows than a recipe can have") }

{
	if ($1 !~ /^([1-9]|blend)$/)
		bad("column 'model': not a number from 1 to 9, nor blend: " value($1))
	if (($1, $2) in seen)
		bad("option " value($2) " of model " $1 " occurs twice")
	seen[$1, $2]
}

$2 == "family" {
	if ($1 == "blend" || !($3 in known) || $3 == "blend")
		bad("column 'value': not a family: " value($3))
	if ($1 != models + 1)
		bad("the model before " $1 " has no family")
	family[++models] = $3
	print $1 "\tfamily\t" $3
	next
}

{
	its = $1 == "blend" ? "blend" : family[$1]
	if (its == "")
		bad("the first row of model " $1 " is not its family")
	if (!((its, $2) in tool))
		bad("column 'option': " its " has no option " value($2))
	if (length($3) > 200 || $3 !~ form[kind[its, $2]])
		bad("column 'value': option " $2 " is no " kind[its, $2] ": " value($3))
	if (its == "blend")
		blends = 1
	if (its == "blend" && $2 == "weight")
		weights = split($3, unused, ",")
	print $1 "\t" tool[its, $2] "\t" $2 "\t" $3
}

END {
	if (failed)
		exit 3
	if (NR == 0)
		bad("empty: there is not even a header")
	if (models == 0)
		bad("there is no model")
	if (models > 1 && !blends)
		bad(models " models and no row of blend")
	if (models == 1 && blends)
		bad("a blend of one model")
	if (weights && weights != models)
		bad(weights " weights for " models " models")
}
