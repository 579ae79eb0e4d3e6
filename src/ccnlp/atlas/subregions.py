"""The continent and the subregion of each region, as the United Nations group them for statistics.

UN M.49, "Standard Country or Area Codes for Statistical Use". CLDR has the same codes, and names
for them. A subregion is here the finest grouping, so Western Africa and not sub-Saharan Africa.
"""

from functools import lru_cache

CONTINENTS = {
    "002": {  # Africa
        "011": "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
        "014": "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW",
        "015": "DZ EG EH LY MA SD TN",
        "017": "AO CD CF CG CM GA GQ ST TD",
        "018": "BW LS NA SZ ZA",
    },
    "009": {  # Oceania
        "053": "AU CC CX HM NF NZ",
        "054": "FJ NC PG SB VU",
        "057": "FM GU KI MH MP NR PW UM",
        "061": "AS CK NU PF PN TK TO TV WF WS",
    },
    "019": {  # the Americas
        "005": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
        "013": "BZ CR GT HN MX NI PA SV",
        "021": "BM CA GL PM US",
        "029": "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG "
        "VI",
    },
    "142": {  # Asia
        "030": "CN HK JP KP KR MN MO TW",
        "034": "AF BD BT IN IR LK MV NP PK",
        "035": "BN ID KH LA MM MY PH SG TH TL VN",
        "143": "KG KZ TJ TM UZ",
        "145": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    },
    "150": {  # Europe
        "039": "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK",
        "151": "BG BY CZ HU MD PL RO RU SK UA",
        "154": "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
        "155": "AT BE CH DE FR LI LU MC NL",
    },
}
"""Codes of regions by subregion and continent. Antarctica has neither; Kosovo (XK) and Taiwan are
where CLDR has them."""


@lru_cache(maxsize=1)
def areas_by_region() -> dict[str, tuple[str, str]]:
    """By region, its subregion and its continent.

    >>> areas_by_region()["MX"]
    ('013', '019')
    """
    return {
        region: (subregion, continent)
        for continent, subregions in CONTINENTS.items()
        for subregion, regions in subregions.items()
        for region in regions.split()
    }
