// SPDX-License-Identifier: Apache-2.0
/* The library, through its public header alone. */
#include <stdlib.h>

#include "tests.h"

int main(void)
{
	SRunner *runner = srunner_create(bytes_suite());

	srunner_add_suite(runner, extraction_suite());
	srunner_add_suite(runner, limits_suite());
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	/* The TAP driver reads what failed; the status says only that all ran. */
	return EXIT_SUCCESS;
}
