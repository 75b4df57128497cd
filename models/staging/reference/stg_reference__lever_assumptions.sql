-- One row is one assumption of a lever's scenario; without use case or task class it holds for all.
select
    nullif(trim(lever), '') as lever,
    nullif(trim(use_case), '') as use_case,
    nullif(trim(task_class), '') as task_class,
    nullif(trim(parameter), '') as parameter,
    nullif(trim(value), '') as value,
    nullif(trim(note), '') as note
from {{ ref('lever_assumptions') }}
