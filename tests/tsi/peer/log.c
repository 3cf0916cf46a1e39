// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "bytes.h"
#include "message.h"

uint64_t monotonic_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int log_open(struct log *log, const char *path)
{
	log->file = strcmp(path, "-") ? fopen(path, "we") : stdout;
	log->start = monotonic_time();
	return log->file ? 0 : -1;
}

void log_close(struct log *log)
{
	if (log->file && log->file != stdout)
		fclose(log->file);
	log->file = NULL;
}

void log_flush(struct log *log)
{
	if (log->file)
		fflush(log->file);
}

static void log_time(struct log *log)
{
	uint64_t microseconds = (monotonic_time() - log->start) / 1000;

	fprintf(log->file, "%llu.%06llu ", (unsigned long long)(microseconds / 1000000),
		(unsigned long long)(microseconds % 1000000));
}

static void log_header(struct log *log, const char *direction, const struct packet_header *header)
{
	log_time(log);
	fprintf(log->file, "%s %s %s %llu:%u -> %llu:%u len=%u", direction,
		packet_type_name(header->type), packet_op_name(header->op),
		(unsigned long long)header->src_cid, header->src_port,
		(unsigned long long)header->dst_cid, header->dst_port, header->len);
	if (header->flags)
		fprintf(log->file, " flags=%#x", header->flags);
	if (header->type == PACKET_STREAM)
		fprintf(log->file, " buf_alloc=%u fwd_cnt=%u", header->buf_alloc, header->fwd_cnt);
}

void log_from_guest(struct log *log, const struct packet_header *header, const uint8_t *payload)
{
	char text[MESSAGE_TEXT_SIZE];
	struct message message;
	const char *problem;

	if (!log->file)
		return;
	log_header(log, "guest>host", header);
	if (header->type == PACKET_DATAGRAM && opcode_valid(header->dst_port) &&
	    message_size(header->dst_port)) {
		problem = message_decode(&message, header->dst_port, payload, header->len);
		if (problem)
			fprintf(log->file, " | %s ignored: %s", opcode_name(header->dst_port),
				problem);
		else {
			message_text(text, &message);
			fprintf(log->file, " | %s", text);
		}
	}
	fputc('\n', log->file);
}

static void log_answer(struct log *log, const struct packet_header *header, const uint8_t *payload)
{
	struct message_address address = { 0 };
	char text[ADDRESS_TEXT_SIZE];

	fprintf(log->file, " | %s", opcode_name(header->src_port));
	if (header->len < RESULT_SIZE)
		return;
	fprintf(log->file, " result=%d", (int32_t)get_le32(payload));
	if (header->src_port != TSI_GETNAME || header->len < NAME_SIZE || get_le32(payload))
		return;
	address.length = get_le32(payload + 4);
	memcpy(&address.storage, payload + 8, TSI_ADDRESS_SIZE);
	address_text(text, &address);
	fprintf(log->file, " address=%s/%u", text, address.length);
}

void log_to_guest(struct log *log, const struct packet_header *header, const uint8_t *payload)
{
	if (!log->file)
		return;
	log_header(log, "host>guest", header);
	if (header->type == PACKET_DATAGRAM && opcode_valid(header->src_port))
		log_answer(log, header, payload);
	fputc('\n', log->file);
}

void log_note(struct log *log, const char *format, ...)
{
	va_list arguments;

	if (!log->file)
		return;
	log_time(log);
	fputs("note ", log->file);
	va_start(arguments, format);
	vfprintf(log->file, format, arguments);
	va_end(arguments);
	fputc('\n', log->file);
}
