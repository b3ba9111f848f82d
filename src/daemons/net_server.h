/* net_server.h: what Perl's Net::Server says for the policy servers and proxies that are built on it. Sources:
 * Net::Server 0.87 to 2.014. */
#ifndef MAILLOG_NET_SERVER_H
#define MAILLOG_NET_SERVER_H

#include "../base/pattern.h"

extern const ml_patterns maillog__net_server_statements;

#endif
