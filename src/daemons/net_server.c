/* net_server.c: statements of Net::Server; the events are its own, the daemon is the one that runs on it. Those that
 * carry Net::Server's own date (`2026/07/19-07:00:01 Server closing!`) begin with a value. */
#include "net_server.h"

#define E(NAME) MAILLOG_EVENT_NET_SERVER_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

ML_PATTERN_ROWS(maillog__net_server_statements) = {
    {E(START), {F(DATE), F(NAME), F(TYPE), F(MASTER_PID)}, ML_TEXT("%w %w (type %s) starting! pid(%d)")},
    {E(STOP), {F(DATE)}, ML_TEXT("%w Server closing!")},
    {E(RESTART), {F(DATE)}, ML_TEXT("%w Re-exec server during HUP")},
    {E(FATAL),
     {F(DATE), F(PEER_PID), F(LINE_NO), F(PATH)},
     ML_TEXT("%w Pid_file already exists for running process (%d)... aborting at line %d in file %s")},
    {E(FATAL), {F(DATE), F(ERROR), F(LINE_NO), F(PATH)}, ML_TEXT("%w Can't connect to %s at line %d in file %s")},
    {E(FATAL), {F(DATE), F(ERROR), F(LINE_NO), F(PATH)}, ML_TEXT("%w Could not %s at line %d in file %s")},
    {E(FATAL), {F(DATE), F(ERROR), F(LINE_NO), F(PATH)}, ML_TEXT("%w Couldn't %s at line %d in file %s")},
    {E(FATAL), {F(DATE), F(ERROR), F(LINE_NO), F(PATH)}, ML_TEXT("%w Cannot %s at line %d in file %s")},
    {E(TROUBLE), {F(COUNT), F(ERROR)}, ML_TEXT("Accept failed with %d tries left: %s")},
    {E(TROUBLE), {F(ERROR)}, ML_TEXT("Bad fork [%s]")},
    {E(LISTEN), {0}, ML_TEXT("Binding open file descriptors")},
    {E(LISTEN), {F(PROTO), F(PORT), F(LISTEN_ADDR), F(IPV)}, ML_TEXT("Binding to %w port %w on host %s with %w")},
    {E(LISTEN), {F(PROTO), F(PORT), F(LISTEN_ADDR)}, ML_TEXT("Binding to %w port %w on host %w")},
    {E(LISTEN), {F(PATH), F(TYPE)}, ML_TEXT("Binding to UNIX socket file %s using %w")},
    {E(LISTEN), {F(PATH)}, ML_TEXT("Binding to UNIX socket file \"%s\"")},
    {E(LISTEN), {F(PORT)}, ML_TEXT("Bound to auto-assigned port %d")},
    {E(LISTEN), {F(SERVICE), F(PORT)}, ML_TEXT("Bound to service port %w(%d)")},
    {E(SETTING), {F(PATH)}, ML_TEXT("Chrooting to %s")},
    {E(TROUBLE), {0}, ML_TEXT("Client socket information could not be determined!")},
    {E(TROUBLE), {F(PATH), F(ERROR)}, ML_TEXT("Couldn't unlink \"%s\" [%s]")},
    {E(TROUBLE), {F(TEXT)}, ML_TEXT("Effective UID changed, but Real UID is 0: %s")},
    {E(TROUBLE), {F(CHILD_PID), F(ERROR)}, ML_TEXT("Failed to kill pid %d: %s")},
    {E(SETTING), {F(EGID)}, ML_TEXT("Group Not Defined.  Defaulting to EGID '%s'")},
    {E(TROUBLE), {F(MAX)}, ML_TEXT("Max number of children reached (%d) -- checking for alive.")},
    {E(SETTING), {F(PORT)}, ML_TEXT("Port Not Defined.  Defaulting to '%s'")},
    {E(BACKGROUND), {0}, ML_TEXT("Process Backgrounded")},
    {E(TROUBLE), {0}, ML_TEXT("Ran out of accept retries!")},
    {E(SIGNAL), {F(SIGNAL_NAME)}, ML_TEXT("Received a SIG %w")},
    {E(RESOLVED),
     {F(NAME), F(PORT), F(LISTEN_ADDR), F(SERVER_PORT), F(IPV)},
     ML_TEXT("Resolved [%s]:%w to [%s]:%w, %w")},
    {E(SIGNAL), {0}, ML_TEXT("Sending children hup signal")},
    {E(SETTING), {F(GID)}, ML_TEXT("Setting gid to \"%s\"")},
    {E(SETTING), {F(UID)}, ML_TEXT("Setting uid to \"%s\"")},
    {E(SETTING), {F(EUID)}, ML_TEXT("User Not Defined.  Defaulting to EUID '%s'")},
    {E(TROUBLE), {F(CHILD_PID), F(SIGNAL_NAME)}, ML_TEXT("child %d not signaled with %w")},
};
ML_PATTERN_TABLE(maillog__net_server_statements);
