"""Sound, from a microphone to what a network takes in. No sound is written anywhere, and no word is recognised.

samples.py      what sound is here: 16,000 numbers a second; files of it, read by FFmpeg's libraries
sources.py      where it comes from: a microphone by its stable name, or a file played at its pace
listening.py    the thread that waits for a microphone, blocks stamped with the clock, and when it lies
speech.py       when somebody speaks: Silero's network
noise.py        how loud the room is beside the speech, and taking that out of it
bands.py        the log-mel bands that the voice network reads
"""
