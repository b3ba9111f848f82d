# bash completion for maillog
_maillog() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "trace events summary unmatched export --help --version" -- "$cur"))
        return
    fi
    case $prev in
        --to) COMPREPLY=($(compgen -W "parquet duckdb arrow" -- "$cur")); return ;;
        --verdict) COMPREPLY=($(compgen -W "delivered rejected greylisted bounced deferred discarded quarantined held expired partial unfinished" -- "$cur")); return ;;
        --sort) COMPREPLY=($(compgen -W "auto end first" -- "$cur")); return ;;
        --format) COMPREPLY=($(compgen -W "text json otlp-json csv tsv logfmt" -- "$cur")); return ;;
        --color) COMPREPLY=($(compgen -W "auto always never" -- "$cur")); return ;;
        --progress) COMPREPLY=($(compgen -W "auto always never" -- "$cur")); return ;;
        --duckdb-library|--html|--main-cf|--master-cf|--output|--state) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --since|--until|--timezone|--year|--queue-id|--message-id|--address|--from|--client|--text|--memory|--threads|--mask-key|--daemon|--event|--where|--fields|--top) return ;;
    esac
    if [[ $cur != -* ]]; then
        COMPREPLY=($(compgen -f -- "$cur"))
        return
    fi
    case ${COMP_WORDS[1]} in
        trace) COMPREPLY=($(compgen -W "--json --since --until --timezone --year --queue-id --message-id --address --from --to --client --verdict --text --all --story --verbose --sort --format --main-cf --master-cf --memory --threads --follow --state --mask --mask-key --color --progress --help --version" -- "$cur")) ;;
        events) COMPREPLY=($(compgen -W "--json --since --until --timezone --year --daemon --event --where --format --fields --main-cf --master-cf --memory --threads --follow --mask --mask-key --color --progress --help --version" -- "$cur")) ;;
        summary) COMPREPLY=($(compgen -W "--json --since --until --timezone --year --top --pflogsumm --html --main-cf --master-cf --memory --threads --follow --mask --mask-key --color --progress --help --version" -- "$cur")) ;;
        unmatched) COMPREPLY=($(compgen -W "--json --since --until --timezone --year --top --main-cf --master-cf --memory --threads --follow --mask --mask-key --color --progress --help --version" -- "$cur")) ;;
        export) COMPREPLY=($(compgen -W "--since --until --timezone --year --to --output --messages --duckdb-library --memory --mask --mask-key --progress --help --version" -- "$cur")) ;;
    esac
}
complete -o filenames -F _maillog maillog
