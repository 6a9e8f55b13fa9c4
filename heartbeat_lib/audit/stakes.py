"""What a metric's texts say about red: what it costs, who acts, where a threshold comes from. Read with a fixed vocabulary.

English words, whole, in any case. A reader of words is easily fooled into a yes and easily blind, so it only ever decides between
"somebody wrote something of the kind" and "a person has to look":

- `cost_of_red` finds a sentence with a word of `_HARM` (money lost or owed, a supervisor, a law, fraud, an outage), or one that
  says red or amber and names an amount of money or who is hurt (customers, patients and so on).
- `who_acts` finds a sentence with somebody (`_SOMEBODY`: a team, a desk, an officer, an address) and what they do (`_DOES`).
- `origin` tells a basis that names something outside the data (`_OUTSIDE`: a contract, a law, a capacity, a commitment) from one
  that names only the data (`_DATA`: a mean, a deviation, last year) and from one in which no word is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")
_RED = re.compile(r"\b(red|amber)\b", re.I)
_MONEY = re.compile(
    r"[€$£]\s?\d|\d[\d.,]*\s?(k|m|mn|bn|thousand|million|billion)?\s?(EUR|USD|CHF|CZK|GBP|euros?|dollars?|pounds?|francs?|crowns?|[€$£])",
    re.I,
)
_HURT = re.compile(r"\b(customers?|clients?|patients?|passengers?|members?|guests?|users?|employees|tenants?|pupils?)\b", re.I)


def _words(text: str) -> re.Pattern[str]:
    """Whole words; `*` at the end stands for any ending."""
    return re.compile(
        r"(?<!\w)(" + "|".join(re.escape(word).replace(r"\*", r"\w*") for word in text.split(",")) + r")(?!\w)", re.I
    )


_HARM = _words(
    "costs,costing,a fine,fine of,fines,fined,penalt*,refund*,surcharge*,write-off*,written off,loss,"
    "losses,lose,loses,lost,losing,pay,pays,paying,paid for,owe,owes,compensat*,damages,liable,"
    "liability,revenue,budget,reserve,steal*,stolen,fraud*,launder*,supervisor*,regulator*,authorities,"
    "auditor*,law,laws,court,lawsuit*,licence,license,contract,breach*,break the promise,broken promise,"
    "has a case,complain*,churn*,turn away,cancel their,outage*,incident*,accident*,injur*,danger*,unsafe,"
    "recall*,deficiency,missed delivery,missed deliveries,no longer answers,growth has stopped"
)
_SOMEBODY = _words(
    "team,teams,desk,officer,officers,head of,manager,managers,owner,operations,treasurer,treasury,board,"
    "committee,department,on call,on-call,duty,engineer,engineers,analyst,analysts,support,sales,"
    "marketing,director,controller,planner,buyer,buyers,dispatcher,shift lead,foreman,nurse,operator,"
    "operators,provider,vendor,accounting,warehouse,call centre,call center,rota"
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_DOES = _words(
    "act,acts,call,calls,phone,phones,look,looks,check,checks,decide,decides,stop,stops,hire,hires,"
    "meet,meets,escalate,escalates,review,reviews,fix,fixes,compare,compares,change,changes,ask,asks,"
    "open,opens,tell,tells,inform,informs,repair,repairs,restart,restarts,is paged,are paged,is called,"
    "are called,has to,have to,must,answers it,answer it,takes,take,sends,send,orders,order,switches,"
    "switch,writes to,write to,investigates,investigate,handles,handle,works on,work on,reports,report,"
    "replaces,pushes,blocks,tests,moves,tightens,rolls back,visits"
)
_OUTSIDE = _words(
    "contract,contracts,contractual,clause,annex,law,laws,regulation*,directive,act,rule,rules,policy,"
    "handbook,instruction*,SLA,service level,agreement,agreed,commitment,committed,promise*,guarantee*,"
    "budget*,capacity,limit,limits,licence,license,membership,supervisor*,auditor*,audit,regulator*,board,"
    "committee,reserve,terms,standard ISO,ISO,certificate,tender,decision,decided,acceptance test,scheme,"
    "covenant,tariff,staffed,safety,specification,manual,manufacturer,break-even,owner,head of,officer,"
    "manager,treasurer,staffing plan,charter,equity,refinancing line,cost accounting"
)
_DATA = _words(
    "mean,means,average,averages,avg,median,percentile*,quantile*,quartile*,p90,p95,p99,sd,stdev,"
    "stddev,sigma,σ,deviation*,last year,last month,last week,last quarter,last days,previous,history,"
    "historic*,past,observed,usual,usually,typical*,normal*,trend,baseline,benchmark,data,highest,lowest,"
    "maximum,minimum,so far,seasonal*,forecast*,feels,gut"
)


class Origin(StrEnum):
    """Where a basis says that a threshold comes from."""

    OUTSIDE = "outside"
    """It names something that would stand if the data were wrong."""
    DATA = "data"
    """It names only the numbers themselves."""
    UNKNOWN = "unknown"
    """No word of it is known here."""


def cost_of_red(told: Iterable[str | None], mentioned: Iterable[str | None]) -> str | None:
    """The first sentence that says what red costs or risks, or None.

    Parameters
    ----------
    told
        Texts in which every sentence is about reading the number: how_to_read, notes.
    mentioned
        Texts in which only a sentence that says red or amber is: methodology, description.
    """
    for sentence in _about_red(told, mentioned):
        red = _RED.search(sentence) is not None
        if _HARM.search(sentence) or (red and (_MONEY.search(sentence) or _HURT.search(sentence))):
            return sentence
    return None


def who_acts(told: Iterable[str | None], mentioned: Iterable[str | None]) -> str | None:
    """The first sentence that says who does something about it, or None; the texts as in `cost_of_red`."""
    for sentence in _about_red(told, mentioned):
        if (_SOMEBODY.search(sentence) or _ADDRESS.search(sentence)) and _DOES.search(sentence):
            return sentence
    return None


def origin(basis: str) -> Origin:
    """Where a basis says that a threshold comes from.

    >>> origin("mean + 2 sd"), origin("Contract, clause 7: 95 %")
    (<Origin.DATA: 'data'>, <Origin.OUTSIDE: 'outside'>)
    """
    if _OUTSIDE.search(basis):
        return Origin.OUTSIDE
    return Origin.DATA if _DATA.search(basis) else Origin.UNKNOWN


def _about_red(told: Iterable[str | None], mentioned: Iterable[str | None]) -> Iterator[str]:
    for text in told:
        yield from _sentences(text)
    for text in mentioned:
        yield from (sentence for sentence in _sentences(text) if _RED.search(sentence))


def _sentences(text: str | None) -> list[str]:
    return [sentence.strip() for sentence in _SENTENCES.split(text or "") if sentence.strip()]
