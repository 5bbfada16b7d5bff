# civil.awk - civil(t): the second t since 1970 as a date, in Y M D h m s, and the names of the day and
# the month in W and B (Hinnant, civil_from_days).
function civil(t,    z, era, doe, yoe, doy, mp)
{
	z = int(t / 86400) + 719468
	era = int(z / 146097)
	doe = z - era * 146097
	yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
	doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
	mp = int((5 * doy + 2) / 153)
	D = doy - int((153 * mp + 2) / 5) + 1
	M = mp < 10 ? mp + 3 : mp - 9
	Y = yoe + era * 400 + (M <= 2)
	h = int(t % 86400 / 3600)
	m = int(t % 3600 / 60)
	s = t % 60
	W = substr("ThuFriSatSunMonTueWed", 1 + 3 * (int(t / 86400) % 7), 3)
	B = substr("JanFebMarAprMayJunJulAugSepOctNovDec", 3 * M - 2, 3)
}
