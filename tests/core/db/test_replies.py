import datetime

from pilvi.core.db import Database, now
from pilvi.core.db.replies import KeptReply, find_reply, insert_reply

DAY = datetime.timedelta(days=1)


async def test_a_reply_is_found_until_its_day_is_over(db: Database) -> None:
    moment = now()
    old = KeptReply("a", "r", "sealed", moment - DAY)
    new = KeptReply("b", "r", "sealed too", moment)
    async with db.write() as tx:
        await insert_reply(tx, old, moment - 2 * DAY)
        assert await find_reply(tx, "a", moment - 2 * DAY) == old
        assert await find_reply(tx, "a", moment - DAY) is None
        await insert_reply(tx, new, moment - DAY)
        assert await find_reply(tx, "a", moment - 2 * DAY) is None
        assert await find_reply(tx, "b", moment - DAY) == new
