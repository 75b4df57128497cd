"""A small company's reference data, all of it valid, for tests that break one thing at a time."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "owners": ["owner,contact,escalation_1,escalation_2", "claims,claims@example.org,head@example.org,"],
    "use_cases": [
        "use_case,owner,function,criticality,task_class,acceptance_window_days,quality_floor,context_limit_a,"
        "context_limit_b,context_limit_c,cache_lifetime_hours,delay_cap_minutes,valid_from,valid_to",
        "triage,claims,Claims,critical,A,14,0.9,8000,4000,2000,24,480,2026-01-01,2026-07-01",
        "triage,claims,Claims,important,B,14,0.9,8000,4000,2000,24,480,2026-07-01,",
    ],
    "use_case_rules": ["priority,source,field,pattern,use_case", "10,litellm,team_id,claims-.*,triage"],
    "models": ["provider,model,tier,is_reference", "acme,m1,premium,true", "acme,m2,premium,FALSE"],
    "model_aliases": ["provider,alias,model", "acme,m1-latest,m1"],
    "provider_aliases": ["alias,provider", "acme_ai,acme"],
    "model_prices": [
        "provider,model,region,service_tier,token_kind,above_tokens,price_per_million,currency,valid_from,valid_to,"
        "source",
        "acme,m1,,,input,,2,USD,2026-01-01,2026-07-01,",
        "acme,m1,,standard,input,0,3,USD,2026-07-01,,",
        "acme,m1,,,input,200000,6,USD,2026-07-01,,",
        "acme,m2,,,input,,1,USD,2026-01-01,,",
    ],
    "meters": [
        "meter,unit,part_of,sku_meter,source",
        "pages,pieces,,Pages,",
        "maps,calls,,Maps,",
        "web_search,calls,,Web Searches,",
        "cache_storage,token_hours,,Cache Storage,",
    ],
    "price_modifiers": [
        "provider,model,attribute,value,multiplier,price_list,valid_from,valid_to,source",
        "acme,,geo,us,1.1,,2026-01-01,,",
        "acme,,geo,eu,1.2,,2026-01-01,,",
        "acme,m1,speed,fast,,fast_speed,2026-01-01,,",
        "acme,,auth,subscription,0,,2026-01-01,,",
    ],
    "price_overrides": [
        "provider,model,region,service_tier,token_kind,above_tokens,price_per_million,currency,valid_from,valid_to,"
        "source,discount_share",
        ",,,batch,,,,,2026-01-01,2026-02-01,contract,0.5",
        ",,,batch,,,,,2026-03-01,,contract,0.4",
    ],
    "role_rates": ["role,hourly_rate,currency,valid_from,valid_to", "reviewer,60,USD,2026-01-01,"],
    "delay_rates": ["use_case,per_minute,per_breach,currency,valid_from,valid_to", "triage,0.5,20,USD,2026-01-01,"],
    "cost_sharing": [
        "rule,key,use_case,share,valid_from,valid_to",
        "seats,fixed,triage,0.6,2026-01-01,2026-07-01",
        "seats,fixed,unallocated,0.4,2026-01-01,2026-07-01",
        "seats,requests,,,2026-07-01,",
        "gateway,tokens,,1,2026-01-01,",
    ],
    "budgets": [
        "owner,use_case,month,revision,effective_at,kind,limit_amount,currency,soft_share,hard_share,"
        "premium_limit_share,throttle_share",
        "claims,triage,2026-07,1,2026-07-01,production,1000,USD,0.8,1,0.5,0.3",
        "claims,triage,2026-07-01,2,2026-07-15T08:00:00+02:00,production,0,USD,0.8,1,0.5,0.3",
    ],
    "cost_slos": [
        "criticality,target_cost_per_accepted_outcome,quality_floor,objective_share,valid_from,valid_to",
        "critical,1.5,0.9,0.95,2026-01-01,",
    ],
    "releases": [
        "release_id,use_case,lever,released_at,decision_owner,rollback_plan,watch_plan,impact_assessment,"
        "quality_margin,minimum_outcomes",
        "r1,triage,routing,2026-07-15T09:00:00Z,claims,yes,yes,yes,0.02,200",
    ],
    "lever_assumptions": [
        "lever,use_case,task_class,parameter,value,note",
        "all,,,window_days,28,",
        "routing,triage,B,target,acme/m1,",
        "routing,,,share,0.5,half of it first",
        "context_limits,triage,C,limit_tokens,2000,",
    ],
    "experiments": ["experiment,owner,use_case,valid_from,valid_to", "e1,claims,triage,2026-07-01,2026-08-01"],
    "fx_rates": ["day,currency,rate", "2026-07-01,EUR,1.1", "2026-07-02,EUR,1.1"],
}


class Company:
    """A folder of seeds; ``change`` edits one line of one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, lines in FILES.items():
            self.write(name, lines)

    def write(self, name: str, lines: list[str]) -> None:
        (self.folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")

    def lines(self, name: str) -> list[str]:
        return (self.folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()

    def change(self, name: str, line: int, old: str, new: str) -> None:
        """Replace a text that must be there, on a line counted from 1."""
        lines = self.lines(name)
        assert old in lines[line - 1], lines[line - 1]
        lines[line - 1] = lines[line - 1].replace(old, new, 1)
        self.write(name, lines)

    def add(self, name: str, line: str) -> None:
        """Append a line."""
        self.write(name, [*self.lines(name), line])

    def remove(self, name: str) -> None:
        """Delete a file."""
        (self.folder / f"{name}.csv").unlink()
