#include "command.h"
int command_summary(command *c)
{
    (void)c;
    return 2;
}
