// SPDX-License-Identifier: Apache-2.0
/* Blocks of an archive: headers, and what is about the next file. Good when each is. */
#include "fuzz.h"

#include "files/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tar_entry entry;
	struct tar_header header;
	bool good = true;

	memset(&entry, 0, sizeof(entry));
	while (good && size >= sizeof(header)) {
		int found;

		memcpy(&header, data, sizeof(header));
		data += sizeof(header);
		size -= sizeof(header);
		found = tar_parse_header(&header, &entry);
		if (found <= 0) {
			good = found == 0;
			break;
		}
		CHECK(strlen(entry.name) < sizeof(entry.name));
		CHECK(strlen(entry.link) < sizeof(entry.link));
		CHECK(entry.size <= INT64_MAX && entry.mode <= 07777);
		if (tar_is_more(header.type)) {
			const size_t length = entry.size < size ? (size_t)entry.size : size;
			char *text = copy((struct part){ (const char *)data, length });

			good = tar_parse_more(header.type, text, length, &entry) == 0;
			free(text);
			data += length;
			size -= length;
			continue;
		}
		memset(&entry, 0, sizeof(entry));
	}
	check_expected(good);
	return 0;
}
