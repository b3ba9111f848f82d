/* postfix_lib_sasl.c: SASL (src/xsasl, Cyrus and Dovecot back ends) and the client of the tlsproxy service.
 * The library's texts are its own; a client may choose the mechanism and user name in them.
 * Sources: Postfix 2.11 to 3.11. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_lib_sasl) = {
    ROW2(SASL_CONFIG_ERROR,
         "%w is not empty, but setting the Cyrus SASL configuration path is not supported with SASL library version %w",
         PARAM, VERSION),
    ROW1(SASL_PROBLEM, "SASL authentication failure: %s", TEXT),
    ROW1(SASL_PROBLEM, "SASL authentication problem: %s", TEXT),
    ROW1(SASL_CONFIG_ERROR, "SASL library initialization error: %s", ERROR),
    ROW1(SASL_CONFIG_ERROR, "SASL per-connection security setup; %s", ERROR),
    ROW1(SASL_CONFIG_ERROR, "SASL per-connection server initialization: %s", ERROR),
    ROW1(SASL_CONFIG_ERROR, "SASL per-process initialization failed: %s", ERROR),
    ROW2(SASL_BACKEND_ERROR, "SASL: Connect to %w failed: %s", PATH, ERROR),
    ROW2(SASL_BACKEND_ERROR, "SASL: Connect to Dovecot auth socket '%s' failed: %s", PATH, ERROR),
    ROW0(SASL_BACKEND_ERROR, "SASL: Connected to wrong auth socket (auth-master instead of auth-client)"),
    ROW1(SASL_BACKEND_ERROR, "SASL: Couldn't send handshake: %s", ERROR),
    ROW0(SASL_BACKEND_ERROR, "SASL: Protocol error"),
    ROW0(SASL_BACKEND_ERROR, "SASL: Protocol version error"),
    ROW2(SASL_BACKEND_ERROR, "SASL: Protocol version mismatch (%d vs. %d)", GOT, WANT),
    ROW0(SASL_CONFIG_ERROR, "bad per-session SASL security properties"),
    ROW1(SASL_CONFIG_ERROR, "failed to set Cyrus SASL configuration path: \"%S\"", PATH),
    ROW2(SASL_CONFIG_ERROR,
         "incorrect SASL library version. Postfix was built with include files from version %s, but the run-time "
         "library version is %s",
         VERSION, VALUE),
    ROW2(SASL_PROBLEM, "looking for plugins in '%S', failed to open directory, error: %s", PATH, ERROR),
    ROW1(SASL_BACKEND_ERROR, "missing Dovecot server %s username field", REPLY),
    ROW1(SASL_BACKEND_ERROR, "missing Dovecot server %s reply field", REPLY),
    ROW1(SASL_CONFIG_ERROR, "per-session SASL client initialization: %s", ERROR),
    ROW1(SASL_CONFIG_ERROR, "set per-session SASL security properties: %s", ERROR),
    ROW2(SASL_PROBLEM, "unable to dlopen %w: %s", PATH, ERROR),
    ROW1(SASL_CONFIG_ERROR, "unsupported SASL client implementation: %s", TYPE),
    ROW1(SASL_CONFIG_ERROR, "unsupported SASL server implementation: %s", TYPE),
};
ML_PATTERN_TABLE(maillog__postfix_lib_sasl);

ML_PATTERN_ROWS(maillog__postfix_lib_sasl_named) = {
    ROW2(SASL_CONFIG_ERROR, "%s: SASL mechanism filter failed for: '%S'", FUNC, MECHS),
    ROW1(SASL_CONFIG_ERROR, "%s: no applicable SASL mechanisms", NAME),
    ROW2(SASL_PROBLEM, "%s: sasl_getprop SASL_USERNAME botch: %s", NAME, ERROR),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_lib_sasl_named, "%s: ");
