"""The systems of social protection and of people with merit (bảo trợ xã hội, người có công)."""

from activities.wire import JsonAgency


class Adapter(JsonAgency):
    """Takes the part for a benefit; receipts, a supplement's too, and the decision follow by event.

    Which office of the province decides, health or home affairs, is the message's `agency`.
    """

    path = "/benefit-dossiers"
