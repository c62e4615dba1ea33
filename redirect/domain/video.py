"""Owns what an officer's video consists of. Must never name a police force that has not agreed."""

from __future__ import annotations

from dataclasses import dataclass

from redirect.domain.locales import negotiate


@dataclass(frozen=True, slots=True)
class Media:
    """A file that the browser asks for: `name` is made of its content, `type` a media type, `lang` what is spoken or
    written in it."""

    name: str
    type: str
    lang: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in the video, in one language."""

    lang: str
    dir: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Video:
    """One country's video. `force` is the police force that speaks and has agreed to be named, `poster` a picture as a
    data: address. The spoken language comes first among `transcripts`, and each of them has `captions`."""

    force: str
    poster: str
    clips: tuple[Media, ...]
    captions: tuple[Media, ...]
    transcripts: tuple[Transcript, ...]

    def transcript(self, tag: str) -> Transcript:
        """The one that a reader of this language understands best, else the one in the spoken language."""
        lang = negotiate(tag, [transcript.lang for transcript in self.transcripts])
        return next(transcript for transcript in self.transcripts if transcript.lang == lang)
