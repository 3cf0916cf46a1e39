// SPDX-License-Identifier: Apache-2.0
/* The client of the control channel, through its header alone. */
#include <stdlib.h>

#include "tests.h"

int main(void)
{
	SRunner *runner = srunner_create(session_suite());

	srunner_add_suite(runner, requests_suite());
	srunner_add_suite(runner, streams_suite());
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	/* The TAP driver reads what failed; the status says only that all ran. */
	return EXIT_SUCCESS;
}
