"""The national population database (CSDL quốc gia về dân cư): it validates, and shows nothing nobody typed."""

from activities.http import AgencyClient, AgencyUnreadable
from models.messages import PeopleAnswer, PeopleQuery


class Adapter:
    """Validates the people named in a form."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def check(self, query: PeopleQuery) -> PeopleAnswer:
        """One answer per person, in the same order. Raises AgencyError."""
        reply = await self._client.post("/checks", query.model_dump(mode="json"), query.head)
        answer = reply.read(PeopleAnswer)
        if len(answer.matches) != len(query.people):
            raise AgencyUnreadable("số kết quả khác số người đã hỏi", dossier_code=query.head.dossier_code)
        return answer
