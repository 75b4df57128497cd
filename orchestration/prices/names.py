"""Other names of the models and providers of the price book.

A log row names a model as its client did: a dated snapshot, a "latest" pointer, a cross-region profile. The package
matches such names by rules (prefixes, parts). Here only whole names become aliases, each asked of those rules once and
written down, so that a name nobody has seen stays unpriced instead of being guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    Provider,
)

from orchestration.prices.book import PROVIDERS, BookModel, book_models, package_providers

ALIAS_COLUMNS = ("provider", "alias", "model")
PROVIDER_ALIAS_COLUMNS = ("alias", "provider")

# Dated names that vendors publish and the package knows only as prefixes.
SNAPSHOTS: dict[str, tuple[str, ...]] = {
    "anthropic": (
        "claude-3-5-haiku-20241022",
        "claude-3-5-sonnet-20240620",
        "claude-3-5-sonnet-20241022",
        "claude-3-7-sonnet-20250219",
        "claude-3-haiku-20240307",
        "claude-3-opus-20240229",
        "claude-3-sonnet-20240229",
        "claude-haiku-4-5-20251001",
        "claude-opus-4-1-20250805",
        "claude-opus-4-20250514",
        "claude-opus-4-5-20251101",
        "claude-sonnet-4-20250514",
        "claude-sonnet-4-5-20250929",
    ),
    "openai": (
        "ft:gpt-3.5-turbo-0125",
        "ft:gpt-3.5-turbo-0613",
        "ft:gpt-3.5-turbo-1106",
        "ft:gpt-4o-2024-08-06",
        "ft:gpt-4o-2024-11-20",
        "ft:gpt-4o-mini-2024-07-18",
        "gpt-3.5-turbo-0125",
        "gpt-4-0613",
        "gpt-4-turbo-2024-04-09",
        "gpt-4.1-2025-04-14",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4.1-nano-2025-04-14",
        "gpt-4o-2024-08-06",
        "gpt-4o-2024-11-20",
        "gpt-4o-mini-2024-07-18",
        "gpt-5-2025-08-07",
        "gpt-5-mini-2025-08-07",
        "gpt-5-nano-2025-08-07",
        "gpt-5.1-2025-11-13",
        "gpt-5.2-2025-12-11",
        "o1-2024-12-17",
        "o3-2025-04-16",
        "o3-mini-2025-01-31",
        "o4-mini-2025-04-16",
    ),
}
# A reseller's names for the same snapshots.
RESELLERS = {"azure": ("openai", "anthropic"), "google": ("anthropic",)}

# Geographies of Bedrock's inference profiles, as prefixes of its model ids.
BEDROCK_GEOGRAPHIES = ("", "us.", "eu.", "apac.", "au.", "jp.", "global.")

# How LiteLLM (`custom_llm_provider`), Helicone (in lower case) and OpenTelemetry (`gen_ai.provider.name`, formerly
# `gen_ai.system`) name the providers of the book, where that is not the book's own id.
PROVIDER_ALIASES: dict[str, str] = {
    "amazon": "aws",
    "amazon-bedrock": "aws",
    "amazon_bedrock": "aws",
    "aws.bedrock": "aws",
    "aws_bedrock": "aws",
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "azure_ai": "azure",
    "azure_openai": "azure",
    "azure_text": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "bedrock_mantle": "aws",
    "claude": "anthropic",
    "codestral": "mistral",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex.agent": "google",
    "gcp.vertex_ai": "google",
    "gemini": "google",
    "google-vertex": "google",
    "google_ai_studio": "google",
    "google_genai": "google",
    "grok": "x-ai",
    "meta_llama": "meta",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "moonshot_ai": "moonshotai",
    "perplexity_ai": "perplexity",
    "text-completion-codestral": "mistral",
    "text-completion-openai": "openai",
    "together-ai": "together",
    "together_ai": "together",
    "vertex_ai": "google",
    "vertex_ai-anthropic_models": "google",
    "vertex_ai-language-models": "google",
    "vertex_ai_beta": "google",
    "voyage": "voyageai",
    "voyage_ai": "voyageai",
    "x": "x-ai",
    "x_ai": "x-ai",
    "xai": "x-ai",
    # As agent frameworks and their instrumentations name them: LangChain, OpenLLMetry, pydantic-ai, agno.
    "awsbedrock": "aws",
    "azureaifoundry": "azure",
    "azureopenai": "azure",
    "google-gla": "google",
    "google_anthropic_vertex": "google",
    "google_vertexai": "google",
    "openai-chat": "openai",
    "openai-responses": "openai",
    "togetherai": "together",
    "vertexai": "google",
    # The AI SDK adds the interface to the provider.
    "anthropic.messages": "anthropic",
    "azure-openai.chat": "azure",
    "azure.chat": "azure",
    "azure.responses": "azure",
    "cerebras.chat": "cerebras",
    "cohere.chat": "cohere",
    "deepseek.chat": "deepseek",
    "fireworks.chat": "fireworks",
    "google.generative-ai": "google",
    "google.vertex": "google",
    "google.vertex.chat": "google",
    "groq.chat": "groq",
    "mistral.chat": "mistral",
    "openai.chat": "openai",
    "openai.completion": "openai",
    "openai.embedding": "openai",
    "openai.image": "openai",
    "openai.responses": "openai",
    "togetherai.chat": "together",
    "vertex.anthropic.messages": "google",
    "xai.chat": "x-ai",
    "xai.responses": "x-ai",
    # As invoices name them.
    "amazon web services": "aws",
    "google cloud": "google",
    "microsoft": "azure",
    "microsoft azure": "azure",
}


def provider_alias_rows() -> list[tuple[str, ...]]:
    """Rows of `seeds/provider_aliases.csv`: alias, provider."""
    return sorted(PROVIDER_ALIASES.items())


def model_alias_rows(priced: set[tuple[str, str]], provider_ids: tuple[str, ...] = PROVIDERS) -> list[tuple[str, ...]]:
    """Rows of `seeds/model_aliases.csv`: provider, alias, model; sorted, one per provider and alias.

    ``priced`` are the providers and models that the book has a price of; names of others would lead nowhere.

    A name is an alias of the model that the package would price it as; a model's own id is never an alias.
    """
    by_provider: dict[str, list[BookModel]] = {}
    for book_model in book_models(provider_ids):
        by_provider.setdefault(book_model.provider.id, []).append(book_model)
    providers = package_providers()
    rows = []
    for models in by_provider.values():
        provider = models[0].provider
        known = {id(book_model.model): book_model.model.id for book_model in models}
        ids = {book_model.model.id.lower() for book_model in models}
        for name in sorted(_candidates(provider, [book_model.model for book_model in models])):
            if name.lower() in ids:
                continue
            model = provider.find_model(name, all_providers=providers)
            # A fine-tuned model costs more than the one it was made of, which is the price of no other.
            if model is not None and is_fine_tuned(name) != is_fine_tuned(model.id):
                continue
            if model is not None and (provider.id, known.get(id(model), "")) in priced:
                rows.append((provider.id, name, known[id(model)]))
    # Names are compared without regard to case, so two that differ only in it are one alias.
    unique = {(provider_id, name.lower()): (provider_id, name, model_id) for provider_id, name, model_id in rows}
    return sorted(unique.values())


def is_fine_tuned(name: str) -> bool:
    """True for OpenAI's names of fine-tuned models, ``ft:gpt-4o-...`` and ``gpt-4o-mini-2024-07-18.ft-...``."""
    return name.startswith("ft:") or ".ft-" in name


def _candidates(provider: Provider, models: list[ModelInfo]) -> set[str]:
    names = {name for model in models for name in _whole_names(model.match)}
    names |= set(SNAPSHOTS.get(provider.id, ()))
    for maker in RESELLERS.get(provider.id, ()):
        names |= set(SNAPSHOTS[maker])
    if provider.id == "google":
        # Vertex AI writes the date of a partner's model after an @.
        names |= {re.sub(r"-(\d{8})$", r"@\1", name) for name in SNAPSHOTS["anthropic"]}
    if provider.id == "aws":
        names |= set(_bedrock_names(models))
    return names


def _bedrock_names(models: list[ModelInfo]) -> Iterator[str]:
    """Model ids and inference profiles of Bedrock, with and without the version at the end."""
    routed = {base for model in models if (base := _bedrock_base(model.id)) != model.id}
    for base in {_bedrock_base(model.id) for model in models}:
        # A model with a price per route is sold in all of them; others have at most the three first profiles.
        for geography in BEDROCK_GEOGRAPHIES if base in routed else BEDROCK_GEOGRAPHIES[:4]:
            yield f"{geography}{base}"
            yield f"{geography}{_bare(base)}"


def _bedrock_base(model_id: str) -> str:
    return re.sub(r"^(regional|global)\.", "", model_id)


def _bare(model_id: str) -> str:
    return re.sub(r"-v\d(:\d)?$", "", model_id)


def _whole_names(match: MatchLogic) -> Iterator[str]:
    """Literals of the match rules that can stand as a name by themselves."""
    if isinstance(match, ClauseEquals):
        yield match.equals
    elif isinstance(match, ClauseOr):
        for clause in match.or_:
            yield from _whole_names(clause)
    elif isinstance(match, ClauseAnd):
        for clause in match.and_:
            yield from _whole_names(clause)
    else:
        literal = ""
        if isinstance(match, ClauseStartsWith):
            literal = match.starts_with
        elif isinstance(match, ClauseEndsWith):
            literal = match.ends_with
        elif isinstance(match, ClauseContains):
            literal = match.contains
        # A part such as "-tts", "claude" or "gpt-4o-2024-" is no model's name: wants a start, a number and an end.
        if re.fullmatch(r"[a-zA-Z][\w./:-]*[a-zA-Z0-9]", literal) and re.search(r"\d", literal) and "-" in literal:
            yield literal
