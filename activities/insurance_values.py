"""How the social-insurance wire writes an address: field by field, its days as yyyyMMdd (`field_map.compact_day`)."""

from activities.field_map import Row, compact_day


def flat_address(form: str, wire: str) -> tuple[Row, ...]:
    """The rows of an address at a path of the form; `wire` ends each name, as in the gateway's notices [choice]."""
    return (
        Row(f"{form}.codes_on", f"NGAY_MA_{wire}", compact_day),
        Row(f"{form}.province_code", f"MATINH_{wire}"),
        Row(f"{form}.district_code", f"MAHUYEN_{wire}"),
        Row(f"{form}.district_name", f"TENHUYEN_{wire}"),
        Row(f"{form}.commune_code", f"MAXA_{wire}"),
        Row(f"{form}.commune_name", f"TENXA_{wire}"),
        Row(f"{form}.detail", f"NOI_{wire}"),
        Row(f"{form}.country", f"MANUOC_{wire}"),
    )
