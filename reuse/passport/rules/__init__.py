from reuse.passport.rules.way import Event as Event
from reuse.passport.rules.way import Station as Station
from reuse.passport.rules.way import languages as languages
from reuse.passport.rules.way import stations_of as stations_of
from reuse.passport.rules.way import where_in_words as where_in_words
