from uuid import UUID

from labels.documents import render_voucher_sheet
from labels.words import word
from reuse.handovers.actions.sheets import draw_up_sheet, enter_sheet
from workers.task import Work, task


@task("vouchers.print")
def print_vouchers(work: Work) -> None:
    """Print a batch of vouchers, whose codes are made anew of the house's secret, and enter the sheet."""
    batch_id = UUID(str(work.payload["batch_id"]))
    house = work.house
    value = work.step(lambda session: draw_up_sheet(session, batch_id, house.secret_key, is_trial=house.is_trial))
    content = render_voucher_sheet(value)
    sha256 = house.files.put(content)
    title = f"{word('title.vouchers', value.imprint.language)} {value.imprint.number}"
    work.finish(
        lambda session: {
            "document_id": enter_sheet(session, batch_id, value, title=title, sha256=sha256, size=len(content)).id
        }
    )
