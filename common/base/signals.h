/* signals.h - the end of a program that a signal asks for. */
#ifndef RECPIPE_BASE_SIGNALS_H
#define RECPIPE_BASE_SIGNALS_H

/* Ends the program by the signal, however it was handled or blocked; a handler may call it. Process 1 of a
 * container, which such a signal does not end, exits with 128 + number, as a shell says it. */
_Noreturn void die_by_signal(int number);

#endif
