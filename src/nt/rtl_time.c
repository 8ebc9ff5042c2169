/* SPDX-License-Identifier: MIT */
/* Calendar time: years, months and days of the Gregorian calendar, from 1601. */
#include <wdm.h>

#include "nt/nt_irql.h"

#define UNITS_PER_MILLISECOND 10000
#define MILLISECONDS_PER_DAY 86400000
#define DAYS_PER_400_YEARS 146097
#define FIRST_YEAR 1601 /* the first of 400 years, so that a leap year is the last of its four */
#define LAST_YEAR 30827

static bool is_leap(ULONG year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days of the years before this one. */
static ULONG days_before_year(ULONG year)
{
    ULONG past = year - FIRST_YEAR;

    return past * 365 + past / 4 - past / 100 + past / 400;
}

/* Days of the months before this one, which counts from 0; 12: of the whole year. */
static ULONG days_before_month(ULONG year, ULONG month)
{
    static const USHORT days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };

    return days[month] + (month > 1 && is_leap(year) ? 1U : 0U);
}

VOID RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    ULONGLONG milliseconds = (ULONGLONG)Time->QuadPart / UNITS_PER_MILLISECOND;
    ULONG days = (ULONG)(milliseconds / MILLISECONDS_PER_DAY);
    ULONG rest = (ULONG)(milliseconds % MILLISECONDS_PER_DAY);
    ULONG year = FIRST_YEAR + (ULONG)((ULONGLONG)days * 400 / DAYS_PER_400_YEARS);
    ULONG month = 0;

    WE_NT_ENTRY(RtlTimeToTimeFields);
    /* That was about right. */
    while (days_before_year(year) > days) {
        year--;
    }
    while (days_before_year(year + 1) <= days) {
        year++;
    }
    TimeFields->Weekday = (CSHORT)((days + 1) % 7); /* 1 January 1601 was a Monday */
    days -= days_before_year(year);
    while (days_before_month(year, month + 1) <= days) {
        month++;
    }
    TimeFields->Year = (CSHORT)year;
    TimeFields->Month = (CSHORT)(month + 1);
    TimeFields->Day = (CSHORT)(days - days_before_month(year, month) + 1);
    TimeFields->Hour = (CSHORT)(rest / 3600000);
    TimeFields->Minute = (CSHORT)(rest / 60000 % 60);
    TimeFields->Second = (CSHORT)(rest / 1000 % 60);
    TimeFields->Milliseconds = (CSHORT)(rest % 1000);
}

static bool is_in(CSHORT value, ULONG low, ULONG high)
{
    return value >= 0 && (ULONG)value >= low && (ULONG)value <= high;
}

BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    ULONG year = (ULONG)TimeFields->Year;
    ULONG month = (ULONG)TimeFields->Month - 1;
    ULONGLONG milliseconds;

    WE_NT_ENTRY(RtlTimeFieldsToTime);
    if (!is_in(TimeFields->Year, FIRST_YEAR, LAST_YEAR) || !is_in(TimeFields->Month, 1, 12) ||
        !is_in(TimeFields->Day, 1, days_before_month(year, month + 1) - days_before_month(year, month)) ||
        !is_in(TimeFields->Hour, 0, 23) || !is_in(TimeFields->Minute, 0, 59) || !is_in(TimeFields->Second, 0, 59) ||
        !is_in(TimeFields->Milliseconds, 0, 999)) {
        return FALSE;
    }
    milliseconds = (ULONGLONG)(days_before_year(year) + days_before_month(year, month) + (ULONG)TimeFields->Day - 1) *
                   MILLISECONDS_PER_DAY;
    milliseconds +=
        (((ULONGLONG)TimeFields->Hour * 60 + (ULONGLONG)TimeFields->Minute) * 60 + (ULONGLONG)TimeFields->Second) *
            1000 +
        (ULONGLONG)TimeFields->Milliseconds;
    Time->QuadPart = (LONGLONG)(milliseconds * UNITS_PER_MILLISECOND);
    return TRUE;
}
