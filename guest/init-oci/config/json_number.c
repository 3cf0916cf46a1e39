// SPDX-License-Identifier: Apache-2.0
/* Numbers in JSON, without strtod(). */
#include "config/json_number.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Beyond it every double is zero or infinite. */
#define EXPONENT_MAX 400

struct decimal_number {
	uint64_t digits;
	int exponent;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Digits for which there is no room, far beyond a double's precision, only count
 * for the exponent.
 */
static const char *read_digits(const char *text, struct decimal_number *number, int per_digit)
{
	for (; is_digit(*text); text++) {
		uint64_t digits;

		if (__builtin_mul_overflow(number->digits, UINT64_C(10), &digits) ||
		    __builtin_add_overflow(digits, (uint64_t)(*text - '0'), &digits)) {
			number->exponent += per_digit + 1;
			continue;
		}
		number->digits = digits;
		number->exponent += per_digit;
	}
	return text;
}

static const char *read_exponent(const char *text, int *exponent)
{
	bool negative = *text == '-';
	int value = 0;

	if (*text == '-' || *text == '+')
		text++;
	if (!is_digit(*text))
		return NULL;
	for (; is_digit(*text); text++) {
		if (value <= EXPONENT_MAX)
			value = value * 10 + (*text - '0');
	}
	*exponent += negative ? -value : value;
	return text;
}

static double scale(const struct decimal_number *number)
{
	int exponent = number->exponent;
	double value = (double)number->digits;

	if (!number->digits)
		return 0;
	if (exponent > EXPONENT_MAX)
		exponent = EXPONENT_MAX;
	if (exponent < -EXPONENT_MAX)
		exponent = -EXPONENT_MAX;
	for (; exponent > 0; exponent--)
		value *= 10;
	for (; exponent < 0; exponent++)
		value /= 10;
	return value;
}

double json_number(const char *text, char **end)
{
	struct decimal_number number = { 0, 0 };
	const char *at = text;
	double value;

	*end = (char *)text;
	if (*at == '-')
		at++;
	if (!is_digit(*at) || (*at == '0' && is_digit(at[1])))
		return 0;
	at = read_digits(at, &number, 0);
	if (*at == '.') {
		if (!is_digit(at[1]))
			return 0;
		at = read_digits(at + 1, &number, -1);
	}
	if (*at == 'e' || *at == 'E') {
		at = read_exponent(at + 1, &number.exponent);
		if (!at)
			return 0;
	}
	value = scale(&number);
	*end = (char *)at;
	return *text == '-' ? -value : value;
}
