/* postfix_statements.c: what any Postfix program can write through Postfix's libraries, and what master and the small
 * services say: one table for all that begin with words of their own, so that a text is looked up once, and one for
 * each kind of value that a statement may begin with.
 *
 * Who chooses the values:
 *   tables, databases: keys (addresses, host names) are a remote party's; they stand behind the table's name, last
 *   TLS: SNI, names in certificates and PTR names: values behind Postfix's own words, or one word
 *   SASL: a client may choose the mechanism and the user name in the library's texts
 *   Milters: header text and parameters, and the reply in `malformed reply`: last
 *   names and DNS: host names, DNS data, the attributes of a peer: last
 *   deliveries: server names and addresses behind Postfix's own words
 *   processes, queue files, configuration: the machine's and the administrator's own
 * Sources: Postfix 2.11 to 3.11: util, global, master, dns, tls, xsasl, milter, and what the programs say of trouble
 * that belongs to no command of a client and no delivery. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_statements) = {
#include "postfix_statements_a_c.def"
#include "postfix_statements_d_m.def"
#include "postfix_statements_n_z.def"
};
ML_PATTERN_TABLE(maillog__postfix_statements);

/* TLS statements of SMTP clients: where servers name a client, the peer is a next hop */
ML_PATTERN_ROWS(maillog__postfix_statements_relay) = {
    ROW0(TLS_HANDSHAKE_ERROR, "SSL_set_fd error to %r"),
    ROW1(TLS_VERIFICATION, "certificate verification failed for %r: external policy failure (%s)", ERROR),
    ROW0(TLS_VERIFICATION, "certificate verification failed for %r: not trusted by local or TLSA policy"),
    ROW0(TLS_VERIFICATION, "certificate verification failed for %r: self-signed certificate"),
    ROW1(TLS_VERIFICATION, "certificate verification failed for %r: untrusted issuer %s", ISSUER),
    ROW1(TLS_VERIFICATION, "certificate verification failed for %r: not designated for use as a %s certificate", ROLE),
    ROW1(TLS_VERIFICATION, "certificate verification failed for %r: certificate chain longer than limit(%d)", LIMIT),
    ROW2(TLS_VERIFICATION, "certificate verification failed for %r: num=%d:%s", CODE, ERROR),
};
ML_PATTERN_TABLE(maillog__postfix_statements_relay);

#undef ROW_LEAD
#define ROW_LEAD "%s: "
ML_PATTERN_ROWS(maillog__postfix_statements_named) = {
#include "postfix_statements_named.def"
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_statements_named, ROW_LEAD);

/* two names: a function, and a table, a queue ID or a peer */
#undef ROW_LEAD
#define ROW_LEAD "%s: %s: "
ML_PATTERN_ROWS(maillog__postfix_statements_named_twice) = {
    ROW4(ACCESS_LIST_ERROR, "%w: %w: %w: Fragile access policy: %s", FUNC, NAME, TABLE, TEXT),
    ROW3(TABLE_LIMIT, "%w: %w: Expansion limit exceeded for key%(: '%s'%)", FUNC, TABLE, KEY),
    ROW3(TABLE_LIMIT, "%w: %w: Expansion limit exceeded for key '%S'", FUNC, TABLE, KEY),
    ROW3(TABLE_SETTING_ERROR, "%w: %w: Fixed query_filter %s is probably useless", FUNC, TABLE, VALUE),
    ROW3(TLS_VERIFICATION, "%s: %s: NULL character in peer %s", FUNC, NAME, WHAT),
    ROW3(TABLE_LIMIT, "%w: %w: Query size limit (%d) exceeded", FUNC, TABLE, LIMIT),
    ROW4(TABLE_LIMIT, "%w: %w: Recursion limit exceeded for special attribute %s=%s", FUNC, TABLE, NAME, VALUE),
    ROW4(DATABASE_QUERY_ERROR, "%w: %w: SQL finalize failed for query '%S': %s", FUNC, TABLE, QUERY, ERROR),
    ROW3(DATABASE_QUERY_ERROR, "%w: %w: SQL prepare failed: %s", FUNC, TABLE, ERROR),
    ROW4(DATABASE_QUERY_ERROR, "%w: %w: SQL step failed for query '%S': %s", FUNC, TABLE, QUERY, ERROR),
    ROW5(DATABASE_QUERY_ERROR, "%w: %w: Search base '%s' not found: %f: %s", FUNC, TABLE, DN, CODE, ERROR),
    ROW3(TABLE_SETTING_ERROR, "%w: %w: Unable to set query result size limit to %s.", FUNC, TABLE, VALUE),
    ROW3(TABLE_SETTING_ERROR, "%w: %w: Unrecognized value %s specified for scope; using sub", FUNC, TABLE, VALUE),
    ROW3(TABLE_SETTING_ERROR, "%w: %w: domain match list creation using '%s' failed", FUNC, TABLE, VALUE),
    ROW4(TLS_VERIFICATION, "%s: %s: error decoding peer %s of ASN.1 type=%f", FUNC, NAME, WHAT, TYPE),
    ROW3(TLS_VERIFICATION, "%s: %s: error reading peer certificate %s", FUNC, NAME, WHAT),
    ROW3(MILTER_REPLY_ERROR, "%w: %w: ignoring ESMTP arguments \"%S\"", FUNC, NAME, TEXT),
    ROW2(TLS_VERIFICATION, "%s: %s: internal NUL in subjectAltName", FUNC, NAME),
    ROW4(TABLE_SETTING_ERROR, "%w: %w: invalid %s template '%S'", FUNC, TABLE, PARAM, TEXT),
    ROW2(TLS_VERIFICATION, "%s: %s: invalid ASN1 value type in subjectAltName", FUNC, NAME),
    ROW3(TABLE_LOOKUP_ERROR, "%w: %w: lookup key '%s' skipped after query", FUNC, TABLE, KEY),
    ROW2(ACCESS_LIST_ERROR, "%w: %w: mynetworks lookup error -- ignoring the remainder of this access list", PARAM,
         TABLE),
    ROW3(TLS_VERIFICATION, "%s: %s: non-printable characters in subjectAltName: %s", FUNC, NAME, TEXT),
    ROW3(TLS_VERIFICATION, "%s: %s: non-printable content in peer %s", FUNC, NAME, WHAT),
    ROW4(TLS_VERIFICATION, "%s: %s: peer %s too long: %d", FUNC, NAME, WHAT, LENGTH),
    ROW3(TLS_VERIFICATION, "%s: %s: peer certificate has no %s", FUNC, NAME, WHAT),
    ROW5(QUEUE_FILE_ERROR, "%w: %w: remove %w %w: %s", FUNC, ID, QUEUE, PATH, ERROR),
    ROW5(QUEUE_FILE_ERROR, "%w: %w: rename from %w to %w: %s", FUNC, ID, FROM_QUEUE, TO_QUEUE, ERROR),
    ROW2(ACCESS_LIST_ERROR, "%w: %w: table lookup error -- ignoring the remainder of this access list", PARAM, TABLE),
    ROW2(TLS_POLICY_ERROR, "%s: %w: table lookup error -- ignoring the remainder of this policy", FUNC, TABLE),
    ROW2(TABLE_LOOKUP_ERROR, "%s: %w: table lookup problem", PARAM, MAP), /* of a match list: the parameter first */
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_statements_named_twice, ROW_LEAD);

#undef ROW_LEAD
#define ROW_LEAD "%s: %w "
ML_PATTERN_ROWS(maillog__postfix_statements_named_word) = {
    ROW3(TLS_POLICY_ERROR, "%s: %w \"%s\": per-site table lookup error", TABLE, KIND, NAME),
    ROW3(TABLE_SETTING_ERROR, "%w: %w Unknown version %d, using 2.", FUNC, TABLE, VALUE),
    ROW3(TABLE_SETTING_ERROR, "%w: %w Unrecognized value %d specified for dereference; using 0", FUNC, TABLE, VALUE),
    ROW2(TABLE_SETTING_ERROR, "%w: %w ignoring cache", FUNC, TABLE),
    ROW2(TABLE_SETTING_ERROR, "%w: %w ignoring cache_expiry", FUNC, TABLE),
    ROW2(TABLE_SETTING_ERROR, "%w: %w ignoring cache_size", FUNC, TABLE),
    ROW4(DNS_ERROR, "%w: %w lookup error for address %w for %s", FUNC, QTYPE, ADDR, NAME),
    ROW3(TABLE_LOOKUP_ERROR, "%w: %w map lookup error for %s", FUNC, MAP, KEY),
    ROW2(TABLE_LOOKUP_ERROR, "%s: %w map lookup problem", FUNC, MAP),
    ROW2(TABLE_OPEN_ERROR, "%s: %w map open requires O_RDONLY or O_RDWR mode", FUNC, TYPE),
    ROW2(DATABASE_QUERY_ERROR, "%w: %w message digest failed", TABLE, TYPE),
    ROW4(DNS_LIMIT, "%w: %w server address count limit (%d) exceeded for %s -- ignoring the remainder", FUNC, QTYPE,
         LIMIT, NAME),
    ROW2(TABLE_SETTING_ERROR, "%w: %w start_tls requires protocol version 3", FUNC, TABLE),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_statements_named_word, ROW_LEAD);

/* `file, line 12: what`: indexed files, texthash, dynamicmaps */
#undef ROW_LEAD
#define ROW_LEAD "%s, line %d: "
ML_PATTERN_ROWS(maillog__postfix_statements_line) = {
    ROW3(TABLE_SYNTAX_ERROR, "%s, line %d: %s: skipping this entry", PATH, FILE_LINE, ERROR),
    ROW4(CONFIG_FILE_ERROR, "%s, line %d: %s: \"%S\"", PATH, FILE_LINE, ERROR, TEXT),
    ROW2(TABLE_SYNTAX_ERROR, "%s, line %d: Expected \"dict-type .so-name dict-function [mkmap-function]\"", PATH,
         FILE_LINE),
    ROW3(TABLE_DUPLICATE, "%s, line %d: duplicate entry: \"%S\"", PATH, FILE_LINE, KEY),
    ROW2(TABLE_SYNTAX_ERROR, "%s, line %d: expected format: key whitespace value%( -- ignoring this line%)", PATH,
         FILE_LINE),
    ROW3(TABLE_SYNTAX_ERROR, "%s, line %d: logical line must not start with whitespace: \"%S\"", PATH, FILE_LINE, TEXT),
    ROW3(CONFIG_FILE_ERROR, "%s, line %d: missing '=' after attribute name: \"%S\"", PATH, FILE_LINE, TEXT),
    ROW2(TABLE_SYNTAX_ERROR, "%s, line %d: name must be local%( and have no domain%)", PATH, FILE_LINE),
    ROW2(TABLE_SYNTAX_ERROR, "%s, line %d: need name:value pair", PATH, FILE_LINE),
    ROW2(TABLE_SYNTAX_ERROR, "%s, line %d: no replacement text: using empty string", PATH, FILE_LINE),
    ROW3(TABLE_SYNTAX_ERROR, "%s, line %d: non-UTF-8 input \"%s\" -- ignoring this line", PATH, FILE_LINE, TEXT),
    ROW4(TABLE_DUPLICATE, "%s, line %d: overriding earlier entry: %s=%s", PATH, FILE_LINE, KEY, VALUE),
    ROW2(TABLE_SYNTAX_ERROR, "%s, line %d: record is in \"key: value\" format; is this an alias file?", PATH,
         FILE_LINE),
    ROW3(TABLE_UPDATE_ERROR, "%s, line %d: unable to update %s", PATH, FILE_LINE, TABLE),
    ROW3(TABLE_SYNTAX_ERROR, "%s, line %d: unbalanced '\"' in '%s' -- ignoring this line", PATH, FILE_LINE, TEXT),
    ROW3(CONFIG_FILE_ERROR, "%s, line %d: unknown template name: %s -- ignoring this template", PATH, FILE_LINE, NAME),
    ROW3(TABLE_SYNTAX_ERROR, "%s, line %d: unsupported syntax \"%S\"", PATH, FILE_LINE, TEXT),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_statements_line, ROW_LEAD);

/* `host[addr]:port: what` */
#undef ROW_LEAD
#define ROW_LEAD "%r: "
ML_PATTERN_ROWS(maillog__postfix_statements_peer) = {
    ROW6(TLS_MATCH, "%r: Matched DANE %s at depth %d: %d %d %d %s", KIND, DEPTH, USAGE, SELECTOR, MTYPE, DIGEST),
    ROW4(TLS_MATCH, "%r: Matched DANE raw public key: %d %d %d %s", USAGE, SELECTOR, MTYPE, DIGEST),
    ROW1(TLS_MATCH, "%r: Matched fingerprint: %s", DIGEST),
    ROW1(TLS_MATCH, "%r: Matched trust anchor at depth %d", DEPTH),
    ROW0(TLS_DANE_PROBLEM, "%r: all TLSA records unusable%(, fallback to unauthenticated TLS%)"),
    ROW1(TLS_VERIFICATION, "%r: peer certificate has no %s", WHAT),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_statements_peer, ROW_LEAD);

/* a table, a parameter, a service, a role */
#undef ROW_LEAD
#define ROW_LEAD "%w "
ML_PATTERN_ROWS(maillog__postfix_statements_word) = {
    ROW2(TABLE_SETTING_ERROR, "%w 'domain' pattern match failed for '%S'", TABLE, KEY),
    ROW3(TLS_CACHE_ERROR, "%w TLS cache: malformed entry for %s: %s", ROLE, ID, TEXT),
    ROW3(TLS_CACHE_ERROR, "%w TLS cache: truncated entry for %s: %s", ROLE, ID, TEXT),
    ROW3(CONFIG_ERROR, "%w and %w parameter settings must not be identical: %s", PARAM, PARAM2, VALUE),
    ROW1(TLS_VERIFICATION, "%w certificate verification failed for %c: certificate not yet valid", ROLE),
    ROW1(TLS_VERIFICATION, "%w certificate verification failed for %c: certificate has expired", ROLE),
    ROW3(TLS_VERIFICATION, "%w certificate verification failed for %c: num=%d:%s", ROLE, CODE, ERROR),
    ROW3(SERVER_ERROR, "%w command payload %s=%s exceeds SMTP protocol limit", COMMAND, NAME, VALUE),
    ROW1(CONFIG_ERROR, "%w configuration problem", PARAM),
    ROW4(TABLE_UPDATE_ERROR, "%w delete failed for table \"%s\" key \"%S\": unexpected reply status %f", TABLE, NAME,
         KEY, STATUS),
    ROW3(TABLE_UPDATE_ERROR, "%w delete failed for table \"%s\" key \"%S\": invalid request", TABLE, NAME, KEY),
    ROW2(SASL_CONFIG_ERROR, "%w discards all mechanisms in '%S'", PARAM, MECHS),
    ROW2(CONFIG_ERROR, "%w file %s is empty", PARAM, PATH),
    ROW2(CONFIG_WARNING, "%w ignored when %w is not empty.", PARAM, PARAM2),
    ROW3(CONFIG_WARNING, "%w is larger than %w - adjusting %w", PARAM, PARAM2, NAME),
    ROW1(SERVICE_CONNECT_ERROR, "%w is not a socket or a fifo", PATH),
    ROW2(SASL_CONFIG_ERROR,
         "%w is not empty, but setting the Cyrus SASL configuration path is not supported with SASL library version %w",
         PARAM, VERSION),
    ROW3(DEPRECATED_SETTING, "%w is obsolete; instead, specify \"%s\" in %w", PARAM, INSTEAD, PATH),
    ROW2(CONFIG_WARNING, "%w is requested, but \"%s = no\"", NAME, PARAM),
    ROW3(CONFIG_WARNING, "%w is smaller than %w - adjusting %w", PARAM, PARAM2, NAME),
    ROW1(CONFIG_WARNING, "%w is true, but EAI support is not compiled in", PARAM),
    ROW1(CONFIG_WARNING, "%w is true, but SASL support is not compiled in", PARAM),
    ROW2(TABLE_UNSUPPORTED, "%w is unavailable. %s", TABLE, REASON),
    ROW1(TABLE_LOOKUP_ERROR, "%w lookup error", MAP),
    ROW2(TABLE_LOOKUP_ERROR, "%w lookup error for %s", MAP, KEY),
    ROW3(TABLE_LOOKUP_ERROR, "%t lookup error for \"%S\"", TYPE, MAP, KEY),
    ROW2(TABLE_LOOKUP_ERROR, "%w lookup error for \"%S\"", MAP, KEY),
    ROW4(TABLE_LOOKUP_ERROR, "%w lookup failed for table \"%s\" key \"%S\": unexpected reply status %f", TABLE, NAME,
         KEY, STATUS),
    ROW3(TABLE_LOOKUP_ERROR, "%w lookup failed for table \"%s\" key \"%S\": invalid request", TABLE, NAME, KEY),
    ROW1(TABLE_LOOKUP_ERROR, "%w lookup failure", MAP),
    ROW3(TABLE_RESULT_ERROR, "%w lookup of %s returns non-address result \"%S\"", MAP, KEY, RESULT),
    ROW2(TABLE_RESULT_ERROR, "%w lookup of %s returns an empty string result", MAP, KEY),
    ROW2(TABLE_LOOKUP_ERROR, "%w map lookup problem for %s", MAP, KEY),
    ROW3(TABLE_OPEN_ERROR, "%w open failed for table \"%s\": unexpected status %f", TABLE, NAME, STATUS),
    ROW2(TABLE_OPEN_ERROR, "%w open failed for table \"%s\": invalid request", TABLE, NAME),
    ROW2(CONFIG_ERROR, "%w parameter setting must not contain multiple values: %s", PARAM, VALUE),
    ROW3(TLS_CERTIFICATE_ERROR, "%w private key in %s does not match public key in %s: disabling TLS support", TYPE,
         KEY, CERT),
    ROW4(SERVICE_ERROR, "%w receiving %w attribute from %w service: %s", WHAT, NAME, SERVICE, ERROR),
    ROW2(SERVICE_ERROR, "%w receiving status from %w service", ERROR, SERVICE),
    ROW2(CONFIG_WARNING, "%w requires \"%w = encrypt\" (or stronger)", PARAM, PARAM2),
    ROW2(TABLE_RESULT_ERROR, "%w result must contain RFC 3463 status and text: '%S'", PARAM, TEXT),
    ROW2(SERVICE_ERROR, "%w sending file handle to %w service", ERROR, SERVICE),
    ROW4(TABLE_UPDATE_ERROR, "%w sequence failed for table \"%s\" function %d: unexpected reply status %f", TABLE, NAME,
         N, STATUS),
    ROW3(TABLE_UPDATE_ERROR, "%w sequence failed for table \"%s\" function %d: invalid request", TABLE, NAME, N),
    ROW1(SERVICE_ERROR, "%w service failure", SERVICE),
    ROW2(TABLE_NOT_APPROVED, "%w service is not configured for table \"%S\"", TABLE, NAME),
    ROW2(SERVICE_ERROR, "%w service role \"%s\" is not available", SERVICE, ROLE),
    ROW1(TABLE_RESULT_ERROR, "%w should return NO RESULT in case of NOT FOUND", MAP),
    ROW1(SERVICE_ERROR, "%w socket: malformed response", SERVICE),
    ROW3(SERVICE_ERROR, "%w socket: service %w: %s", SERVICE, NAME, ERROR),
    ROW3(DATABASE_QUERY_ERROR, "%w socketmap server %s error%(: %s%)", TABLE, STATUS, ERROR),
    ROW2(TABLE_NOT_APPROVED, "%w update access is not configured for table \"%S\"", TABLE, NAME),
    ROW4(TABLE_UPDATE_ERROR, "%w update failed for table \"%s\" key \"%S\": unexpected reply status %f", TABLE, NAME,
         KEY, STATUS),
    ROW3(TABLE_UPDATE_ERROR, "%w update failed for table \"%s\" key \"%S\": invalid request", TABLE, NAME, KEY),
    ROW1(SYSTEM_START_ERROR, "%w while waiting for daemon initialization", ERROR),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_statements_word, ROW_LEAD);

#undef ROW_LEAD
#define ROW_LEAD "%w "
ML_PATTERN_ROWS(maillog__postfix_statements_relay_role) = {
    ROW1(TLS_VERIFICATION, "%w certificate verification failed for %r: certificate not yet valid", ROLE),
    ROW1(TLS_VERIFICATION, "%w certificate verification failed for %r: certificate has expired", ROLE),
    ROW3(TLS_VERIFICATION, "%w certificate verification failed for %r: num=%d:%s", ROLE, CODE, ERROR),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_statements_relay_role, ROW_LEAD);
#undef ROW_LEAD
#define ROW_LEAD ""
