// SPDX-License-Identifier: Apache-2.0
/* The parts of init-oci that do not need to be PID 1: all that parse. */
#include <stdlib.h>

#include "tests.h"

int main(void)
{
	SRunner *runner = srunner_create(command_line_suite());

	srunner_add_suite(runner, config_suite());
	srunner_add_suite(runner, device_wait_suite());
	srunner_add_suite(runner, image_suite());
	srunner_add_suite(runner, in_root_suite());
	srunner_add_suite(runner, kernel_names_suite());
	srunner_add_suite(runner, large_suite());
	srunner_add_suite(runner, life_suite());
	srunner_add_suite(runner, mount_options_suite());
	srunner_add_suite(runner, parts_suite());
	srunner_add_suite(runner, resources_suite());
	srunner_add_suite(runner, seccomp_suite());
	srunner_add_suite(runner, tar_suite());
	srunner_add_suite(runner, tasks_suite());
	srunner_add_suite(runner, users_suite());
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	/* The TAP driver reads what failed; the status says only that all ran. */
	return EXIT_SUCCESS;
}
