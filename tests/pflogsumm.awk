# pflogsumm.awk: a report of pflogsumm 1.1.5, one fact a line: section, value, name. See pflogsumm.sh.
function number(s) { gsub(/,/, "", s); return s }
/^Grand Totals/ { section = "total"; next }
/^Per-Day Traffic/ { section = "day"; next }
/^Per-Hour Traffic Summary/ { section = "hour"; next }
/^Per-Hour Traffic Daily/ { section = "average"; next }
/^Host\/Domain Summary: Message Delivery/ { section = "to-domain"; next }
/^Host\/Domain Summary: Messages Received/ { section = "from-domain"; next }
/^Senders by message count/ { section = "sender"; next }
/^Recipients by message count/ { section = "recipient"; next }
/^Senders by message size/ { section = "sender-size"; next }
/^Recipients by message size/ { section = "recipient-size"; next }
/^Messages with no size data/ { section = "" ; next }
/^message deferral detail/ { section = "deferral"; next }
/^message bounce detail/ { section = "bounce"; next }
/^message reject detail/ { section = "reject"; next }
/^message reject warning detail/ { section = "warned"; next }
/^message hold detail/ { section = "hold"; next }
/^message discard detail/ { section = "discard"; next }
/^smtp delivery failures/ { section = "failure"; next }
/^Warnings/ { section = "warning"; next }
/^Fatal Errors/ { section = "fatal"; next }
/^Panics/ { section = "panic"; next }
/^Master daemon messages/ { section = "" ; next }
/^-+$/ || /^ *--/ || /^$/ || /^messages$/ || /received  delivered/ || /^ *sent cnt/ || /^ *msg cnt/ { next }
section == "total" {
    value = $1; $1 = ""
    if (match($0, /^ [km] /)) { value = value substr($0, 2, 1); sub(/^ [km]/, "") }
    sub(/^ +/, ""); gsub(/ +/, " ")
    print "total|" value "|" $0; next
}
section == "hour" { print "hour|" substr($1, 1, 2) "|" $2, $3, $4, $5, $6; next }
section == "day" { print "day|" $1 "|" $2, $3, $4, $5, $6; next }
section ~ /^(to-domain|from-domain|sender|recipient|sender-size|recipient-size)$/ {
    gsub(/[0-9]+[km]/, "& "); gsub(/ +/, " "); sub(/^ /, "")
    if (section == "to-domain") print section "|" $1, $3 "|" $NF
    else if (section == "from-domain") print section "|" $1 "|" $NF
    else if (section ~ /size/) print section "|" $1 "|" $NF
    else print section "|" $1 "|" $NF
    next
}
section != "" {
    match($0, /^ */); depth = RLENGTH; text = substr($0, depth + 1)
    if (match(text, /^[0-9]+[km]?  +/)) {
        count = text; sub(/ .*/, "", count); sub(/^[0-9]+[km]?  +/, "", text)
        print section "|" count "|" head[2] (head[4] == "" ? "" : " / " head[4]) " / " text
    } else {
        sub(/ \((top [0-9]+\) \()?total: [0-9]+\)$/, "", text)
        head[depth] = text; if (depth == 2) head[4] = ""
    }
}
