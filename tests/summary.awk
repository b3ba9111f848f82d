# summary.awk: `maillog summary --pflogsumm --top 0` in the same form as pflogsumm.awk's.
function plain(s) { gsub(/,/, "", s); return s }
function units(n) { n += 0; return n > 536870912 ? int(n / 1048576) "m" : n > 524288 ? int(n / 1024) "k" : n "" }
BEGIN {
    name["Senders"] = "sender"; name["Recipients"] = "recipient"; name["Senders by size"] = "sender-size"
    name["Recipients by size"] = "recipient-size"; name["Sending hosts and domains"] = "from-domain"
    name["Recipient hosts and domains"] = "to-domain"; name["Deferrals"] = "deferral"; name["Bounces"] = "bounce"
    name["Rejects"] = "reject"; name["Reject warnings"] = "warned"; name["Holds"] = "hold"; name["Discards"] = "discard"
    name["Servers that did not answer"] = "failure"; name["Warnings"] = "warning"; name["Fatal errors"] = "fatal"
    name["Panics"] = "panic"; name["Per hour"] = "hour"; name["Per day"] = "day"
    section = "total"
}
NR == 1 || /^$/ || /^ *messages +bytes/ || /^  (hour|date) / { next }
/^[^ ]/ { section = name[$0]; next }
section == "total" {
    value = plain($1); $1 = ""; sub(/^ /, "")
    if ($0 ~ /filter|expired/) next
    gsub(/ \(/, " ("); print "total|" units(value) "|" $0; next
}
section == "hour" { print "hour|" substr($1, 1, 2) "|" plain($2), plain($3), plain($4), plain($5), plain($6); next }
section == "day" { print "day|" $1 "|" plain($2), plain($3), plain($4), plain($5), plain($6); next }
section ~ /^(sender|recipient|from-domain)$/ { print section "|" plain($1) "|" $NF; next }
section == "to-domain" { print section "|" plain($1), plain($3) "|" $NF; next }
section ~ /size/ { next }
section != "" {
    match($0, /^ */); depth = RLENGTH; text = substr($0, depth + 1)
    if (depth > 4 && match(text, /^[0-9,]+  /)) {
        count = plain(substr(text, 1, RLENGTH - 2)); text = substr(text, RLENGTH + 1)
        print section "|" count "|" head[2] (head[4] == "" ? "" : " / " head[4]) " / " text
    } else {
        sub(/  \([0-9,]+\)$/, "", text)
        head[depth] = text; if (depth == 2) head[4] = ""
    }
}
