/* otlp.h: messages as OpenTelemetry traces. */
#ifndef OTLP_H
#define OTLP_H

#include "command.h"

/* otlp.c: a message as one line of OTLP's JSON; each line of the log has to be shown to otlp_line() before. */
void otlp_line(const command *c, const maillog_event *ev);
void print_otlp(FILE *out, const command *c, const maillog_message *m);

#endif
