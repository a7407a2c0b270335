"""Wrong arguments to every verb: one line that names the value, exit code 2, nothing printed, nothing made."""

import importlib
import shlex
import sys
from pathlib import Path

import click
import pytest
import samples

from bench import stops
from bench.commands import group, kinds, shell
from optimizers.shipped import FOLDER

WEIGHTS = FOLDER / "lds-linear-regression.npz"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """What rows name in braces; the folder of `here` is where they run."""
    here = tmp_path_factory.mktemp("here")
    samples.folder(here / "runs")
    (here / "foreign").mkdir()
    (here / "foreign" / "letter.txt").write_text("dear reader")
    for name, text in {
        "file": "a file",
        "empty.toml": "",
        "other.toml": 'tasks = ["rosenbrock"]\noptimizers = ["adam"]\nsteps = 3\n',
        "numbers.toml": 'tasks = ["rosenbrock"]\noptimizers = ["adam"]\n[budget]\nsteps = nan\n',
        "deep.toml": "a = " + "[" * 20_000,
        "broken.py": "import nothing_of_that_name\n",
        "silent.py": "",
        "ends.py": "raise SystemExit(0)\n",
        "text.npz": "no archive",
    }.items():
        (here / name).write_text(text)
    return {"runs": here / "runs", "file": here / "file", "here": here}


def verbs():
    """{words of a command: click command} of every verb, and of those of `maintain`."""
    found = {}
    for verb in group.VERBS:
        command = importlib.import_module(f"bench.commands.{verb}").command
        for name, inner in getattr(command, "commands", {}).items():
            found[f"{verb} {name}"] = inner
        found[verb] = command
    return {name: command for name, command in found.items() if not isinstance(command, click.Group)}


VERBS = verbs()
WRONG_COUNTS = ("-1", "1.5", "nan", "inf", "1e3", "many", "''", "99999999999", "9" * 5000)
WRONG_NUMBERS = ("nan", "-inf", "-1", "many", "''", "1e", "0x10")


def options_of(kind):
    return [
        (name, option) for name, command in VERBS.items() for option in command.params if isinstance(option.type, kind)
    ]


def inner(kind):
    return inner(kind.kind) if isinstance(kind, kinds.Listed) else kind


def wrong_numbers():
    """Every option of every verb that takes a number, with each number it cannot mean."""
    for name, option in options_of((kinds.Count, kinds.Number, kinds.Listed)):
        kind = inner(option.type)
        if isinstance(kind, kinds.Count):
            wrong = WRONG_COUNTS + (("0",) if kind.least > 0 else ())
        else:
            wrong = WRONG_NUMBERS + (() if kind.infinite else ("inf", "1e999"))
        yield from ((f"{name} {option.opts[0]} {value}", option.opts[0]) for value in wrong)


def wrong_places():
    """Every option of every verb that names a file or a folder, with places that cannot be it."""
    for name, option in options_of(kinds._Place):
        if option.param_type_name == "argument":
            continue
        ending = option.type.endings[0] if getattr(option.type, "endings", ()) else ""
        wrong = {"''": "names no", f"{'x' * 300}/y{ending}": "x…"}
        if isinstance(option.type, (kinds.OutFile, kinds.OutFolder)):
            wrong |= {f"{{file}}/inside{ending}": "{file}", f"/proc/nowhere/x{ending}": "/proc/nowhere"}
        if isinstance(option.type, kinds.OutFile):
            wrong |= {"{here}": "{here}"}
        if isinstance(option.type, (kinds.OutFolder, kinds.InFolder)):
            wrong |= {"{file}": "{file} is a file; give a folder"}
        if isinstance(option.type, (kinds.InFile, kinds.InFolder)):
            wrong |= {"nowhere/at/all": "nowhere/at/all is not there"}
        if isinstance(option.type, kinds.InFile):
            wrong |= {"{here}": "{here} is a folder; give a file"}
        yield from ((f"{name} {option.opts[0]} {value}", said.replace("x…", "x")) for value, said in wrong.items())


OPTIMIZERS = "see python -m bench list optimizers; for your own, give --import FILE"
TABLE = [
    ("nonsense", "No such command 'nonsense'"),
    ("--nonsense", "No such option '--nonsense'"),
    ("list nonsense", "'nonsense' is not one of 'tasks'"),
    ("list tasks more", "unexpected extra argument (more)"),
    ("list --import nowhere.py", "cannot import nowhere.py: no such file"),
    ("list --import {here}", "{here}: no such file"),
    ("list --import {file}", "cannot import {file}"),
    ("list --import broken.py", "nothing_of_that_name"),
    ("list --import ends.py", "ends.py"),
    ("run", "Missing argument 'SUITE'"),
    ("run quik", "unknown suite 'quik'"),
    ("run nowhere.toml", "cannot read suite nowhere.toml"),
    ("run {here}/.toml", "cannot read suite"),
    ("run empty.toml", "empty.toml, line 1: tasks is missing"),
    ("run other.toml", "other.toml, line 3: unknown key 'steps'"),
    ("run numbers.toml", "steps must be a whole number of at least 1, not nan"),
    ("run deep.toml", "brackets are nested deeper than 6"),
    ("run quick --tasks ''", "no name in ''"),
    ("run quick --tasks ,", "no name in ','"),
    ("run quick --tasks nope", "unknown task 'nope'"),
    ("run quick --tasks wine.py", "'wine.py' is a file and no task; give it with --import wine.py, and name what it"),
    ("run quick --tasks 'nope*'", "no task matches 'nope*'"),
    ("run quick --tasks tag:nope", "no task matches 'tag:nope'"),
    ("run quick --tasks quadratic[", "unknown task 'quadratic['"),
    ("run quick --tasks quadratic[dimension=0]", "dimension is at least 1, not 0"),
    ("run quick --tasks quadratic[dimension=2.5]", "not 2.5"),
    ("run quick --tasks quadratic[dimension=-1]", "not -1"),
    ("run quick --tasks quadratic[dimension=(1,2)]", "not (1, 2)"),
    ("run quick --tasks quadratic[size=3]", "it has no setting 'size'"),
    ("run quick --tasks quadratic[3]", "settings are name=value"),
    ("run quick --tasks quadratic[dimension=3,dimension=4]", "each name once"),
    ("run quick --tasks \"quadratic[dimension=__import__('os')]\"", "__import__"),
    (f"run quick --tasks quadratic[dimension={'9' * 40}]", "too large a number"),
    (f"run quick --tasks quadratic[dimension={'(' * 300}1{')' * 300}]", "more than 4 brackets"),
    (f"run quick --tasks {'x' * 100_000}", "is too long for a name"),
    ("run quick --optimizers nope", "unknown optimizer 'nope'"),
    ("run quick --optimizers belief.py", "'belief.py' is a file and no optimizer; give it with --import belief.py"),
    ("run quick --optimizers ablated[optimizer=belief.py,without=momentum]", "give it with --import belief.py"),
    ("run quick --optimizers kind:nope", "no optimizer matches 'kind:nope'"),
    ("run quick --optimizers adam[beta_1=x]", "beta_1 is 'x', not a number"),
    ("run quick --optimizers adam[beta_1=1e999]", "beta_1 is finite, not inf"),
    ("run quick --optimizers adam[learning_rate=-1]", "learning_rate is 0 or more, not -1"),
    ("run quick --optimizers adam[nope=1]", "its settings are: learning_rate"),
    ("run quick --optimizers adam[clipnorm=0]", "clipnorm is above 0, not 0"),
    ("run quick --optimizers oracle-newton --tasks rosenbrock", "has no cells"),
    ("run quick --optimizers nowhere.npz", "no weights at nowhere.npz"),
    ("run quick --optimizers text.npz", "text.npz"),
    ("run quick --optimizers ablated[optimizer=adam]", "takes nothing away"),
    ("run quick --optimizers ablated[optimizer=nope,without=momentum]", "unknown optimizer 'nope'"),
    ("run quick --optimizers ablated[optimizer=adam,without=luck]", "without='luck' is no mechanism"),
    ("run quick --optimizers ablated[optimizer=adam,step=x]", "step=x; give a number"),
    ("run smoke --out foreign", "foreign is not a run folder"),
    ("run smoke --recheck 3", "No such option '--recheck'"),
    ("run smoke --finalists 0 --trials", "requires an argument"),
    ("leaderboard", "Missing argument 'DIRS...'"),
    ("leaderboard nowhere", "nowhere"),
    ("leaderboard run", "no results in run; did you mean runs?\n"),
    ("leaderboard {here}/runn", "no results in {here}/runn; did you mean {here}/runs?\n"),
    ("leaderboard forein/ruhns", "no results in forein/ruhns; make some"),
    ("merge rums --out new", "no results in rums; did you mean runs?\n"),
    ("submit {here}/rums", "is not there; did you mean {here}/runs?\n"),
    ("leaderboard {file}", "{file} is a file; give a folder"),
    ("leaderboard foreign", "foreign is not a run folder"),
    ("leaderboard {runs} --metric luck", "luck"),
    ("leaderboard {runs} --by luck", "'luck' is not one of 'task'"),
    ("leaderboard {runs} --format pdf", "'pdf' is not one of 'text'"),
    ("leaderboard {runs} --missing luck", "'luck' is not one of 'common'"),
    ("leaderboard {runs} --better luck", "'luck' is not one of 'higher'"),
    ("leaderboard {runs} --stability --by task", "--stability needs one board"),
    ("leaderboard {runs} --out board.pdf", "cannot tell a format from board.pdf"),
    ("leaderboard {runs} --budget luck", "cannot read 'luck'"),
    ("leaderboard {runs} --budget steps=-1", "cannot read 'steps=-1'"),
    ("leaderboard {runs} --budget steps=nan", "cannot read 'steps=nan'"),
    ("leaderboard {runs} --budget steps=0", "cannot read 'steps=0'"),
    ("leaderboard {runs} --budget steps=20,steps=20", "cannot read 'steps=20'"),
    ("leaderboard {runs} --budget steps=999", "no cells of budget steps=999"),
    ("leaderboard {runs} --tasks nope", "nope"),
    ("leaderboard {runs} --optimizers nope", "nope"),
    ("leaderboard {runs} --family nope", "nope"),
    ("report {runs}", "Missing option '--out'"),
    ("report nowhere --out x.html", "nowhere"),
    ("curves nowhere", "nowhere"),
    ("curves {runs} --by luck", "'luck' is not one of 'task'"),
    ("curves {runs} --format json", "'json' is not one of 'csv'"),
    ("plot {runs} --out x.gif", "--out x.gif must end in .pdf or .svg or .png"),
    ("plot {runs} --out x", "--out x must end in"),
    ("plot {runs} --kind luck --out x.png", "'luck' is not one of 'curves'"),
    ("plot {runs} --metric luck --out x.png", "luck"),
    ("plot {runs} --kind ecdf --metric success_tenth --out x.png", "success_tenth"),
    ("plot nowhere --out x.png", "nowhere"),
    ("scores nowhere", "nowhere"),
    ("scores {runs} --out x.tex", "cannot tell a format from x.tex"),
    ("trials foreign", "foreign is not a run folder"),
    ("export {runs} --format ioh --out foreign", "foreign is not empty"),
    ("export {runs} --format zip --out x", "'zip' is not one of 'ioh'"),
    ("export {runs} --format ioh --tuned-for luck --out x", "luck"),
    ("compare {runs}", "cannot read"),
    ("compare adam sgd", "cannot read 'adam sgd'"),
    ("compare adam sgd nowhere", "cannot read 'adam sgd nowhere'"),
    ("compare adam nope {runs}", "nope"),
    ("compare adam sgd {runs} --metric luck", "luck"),
    ("compare adam sgd {runs} --expect luck", "'luck' is not one of 'no-worse'"),
    ("compare adam sgd {runs} --margin 1", "--margin 1.0 says nothing without --expect"),
    ("check nope", "unknown name 'nope'"),
    ("check adabelief", "neither a task nor an optimizer; see python -m bench list; for your own, give --import FILE"),
    ("check nowhere.py", "cannot import nowhere.py"),
    ("check silent.py", "silent.py registers no task"),
    ("check nowhere.npz", "no weights at nowhere.npz"),
    ("check --tasks nope", "unknown task 'nope'"),
    ("check --optimizers nope", "unknown optimizer 'nope'"),
    ("check rosenbrock[a=1]", "its settings are: none"),
    ("check adam --format csv", "'csv' is not one of 'text'"),
    ("probe adam", "Missing option '--task'"),
    ("probe nope --task rosenbrock", "unknown optimizer 'nope'"),
    ("probe adabelief --task rosenbrock", f"unknown optimizer 'adabelief'; {OPTIMIZERS}\n"),
    ("probe adom --task rosenbrock", f"did you mean 'adam'? {OPTIMIZERS[0].upper()}{OPTIMIZERS[1:]}\n"),
    ("probe adam --task rosenbrock --probe momentun", "did you mean 'momentum'?"),
    ("probe adam --task nope", "unknown task 'nope'"),
    ("probe adam --task rosenbrock --probe luck", "unknown probe 'luck'"),
    ("probe adam --task rosenbrock --out foreign", "foreign is not a run folder"),
    ("probe adam --task rosenbrock --twins 39", "'adam' is hand-designed and has no untrained twins"),
    ("probe gru-rosenbrock --task rosenbrock --twins 3", "3 untrained twins cannot show a discovery"),
    ("probe oracle-newton --task linear-regression", "'oracle-newton' knows the loss"),
    ("ablate nope --task rosenbrock --out new", "unknown optimizer 'nope'"),
    ("ablate adam --task nope --out new", "unknown task 'nope'"),
    ("ablate adam --task rosenbrock --metric luck", "'luck' is not one of"),
    *(
        (f"{verb} oracle-newton --task linear-regression{dry}", said)
        for verb, said in (
            ("ablate", "cannot ablate 'oracle-newton'"),
            ("distill", "'oracle-newton' cannot be distilled"),
        )
        for dry in ("", " --dry-run")
    ),
    ("distill nope --task rosenbrock --out new/x.npz", "unknown optimizer 'nope'"),
    ("distill adam --task nope --out new/x.npz", "unknown task 'nope'"),
    ("distill adam --task rosenbrock --out new/x.txt", "new/x.txt must end in .npz"),
    ("anatomy", "Missing argument 'OPTIMIZER"),
    ("anatomy nope --task rosenbrock --out new", "unknown optimizer 'nope'"),
    ("anatomy adam --task nope --out new", "unknown task 'nope'"),
    ("anatomy adam sgd --task rosenbrock --out new", "2 optimizers given"),
    ("anatomy oracle-newton --task linear-regression --out new", "'oracle-newton' knows the loss"),
    ("anatomy nowhere --along --task rosenbrock --out new", "nowhere is neither a folder nor a weights file"),
    ("anatomy {weights} --along --task linear-regression --out new", "is the only one of its training"),
    ("anatomy foreign --along --task rosenbrock --out new", "foreign holds no weights"),
    ("anatomy {weights} --along --task rosenbrock --out new --trials 3", "--trials has no meaning with --along"),
    ("metatrain gru --tasks rosenbrock", "Missing option '--out'"),
    ("metatrain nope --tasks rosenbrock --out new/x.npz", "unknown architecture 'nope'"),
    ("metatrain gruu --tasks rosenbrock --out new/x.npz", "closed-form, borrowed; did you mean 'gru'?\n"),
    ("metatrain gruu[units=4] --tasks rosenbrock --out new/x.npz", "; did you mean 'gru'?\n"),
    ("metatrain gru --tasks booth --out new/x.npz --estimator pez", "; did you mean 'pes'?\n"),
    ("metatrain gru --tasks nope --out new/x.npz", "unknown task 'nope'"),
    ("metatrain gru --tasks '' --out new/x.npz", "no name in ''"),
    ("metatrain gru[units=0] --tasks booth --out new/x.npz", "units must be a whole number of at least 1, not 0"),
    ("metatrain gru[units=nan] --tasks booth --out new/x.npz", "units must be a whole number"),
    ("metatrain gru[output_scale=1e999] --tasks booth --out new/x.npz", "output_scale"),
    ("metatrain gru --tasks booth --out new/x.txt", "new/x.txt must end in .npz"),
    ("metatrain gru --tasks booth --out 'new/My Weights.npz'", "'My Weights' is not valid"),
    ("metatrain gru --tasks booth --out new/x.npz --plot new/x.gif", "--plot new/x.gif must end in"),
    ("metatrain gru --tasks booth --out new/x.npz --seed 0,0", "--seed names one twice: 0,0"),
    ("metatrain nope --tasks booth --out new/x.npz --seed 0,1", "unknown architecture 'nope'"),
    ("metatrain gru --tasks nope --out new/x.npz --seed 0,1", "unknown task 'nope'"),
    ("metatrain gru --tasks booth --out new/x.npz --seed 0,1 --keep 9 --steps 3", "keep is 9, but 3 steps"),
    ("metatrain gru --tasks booth --out new/x.npz --batch 8,8", "batch has 2 numbers for 1 task;"),
    ("metatrain gru --tasks booth --out new/x.npz --weights 1,2", "weights has 2 numbers for 1 task;"),
    ("metatrain gru --tasks booth --out new/x.npz --estimator luck", "unknown estimator 'luck'"),
    ("metatrain gru --tasks booth --out new/x.npz --estimator pes[length=0]", "length must be a whole number"),
    ("metatrain gru --tasks booth --out new/x.npz --discount 1.5", "--discount must be a finite number above 0 and"),
    ("metatrain gru --tasks booth --out new/x.npz --beta-1 1", "--beta-1 must be a finite number of at least 0 and"),
    ("metatrain gru --tasks booth --out new/x.npz --parts 3", "a batch of 64 problems does not divide into 3 parts"),
    ("metatrain gru --tasks booth --out new/x.npz --workers 2", "workers is 2, but a batch of one training has 1 part"),
    ("metatrain gru --tasks booth --out new/x.npz --keep 1", "--keep must be a whole number of at least 2, not 1"),
    ("generalise nope --out new", "unknown optimizer 'nope'"),
    ("generalise --tasks nope --out new", "unknown task 'nope'"),
    ("generalise gru-rosenbrock --tasks '' --out new", "no name in ''"),
    ("paper --tasks booth --out new", "no claim about booth"),
    ("paper --only-page", "--only-page needs --page"),
    ("paper --only-page --page {file} --out new", "new holds no tables of the paper"),
    ("targets booth --out new", "no target for booth"),
    ("generalist --seeds 3", "No such option '--seeds'"),
    ("generalist --out new --page new/page.txt", "--page new/page.txt must end in .md"),
    (
        "metatrain gru --tasks booth --out new/x.npz --unroll-least 300",
        "unroll_least is 300, but runs have at most 200 steps",
    ),
    (
        "metatrain gru --tasks booth --out new/x.npz --unroll-least 50",
        "unroll_least needs an estimator of several segments, such as 'truncated[length=50]', not 'backprop'",
    ),
    ("speed --only luck", "--only luck names no row"),
    ("maintain waits quik", "unknown suite 'quik'"),
    ("distill adam --task nope --dry-run", "unknown task 'nope'"),
    ("ablate nope --task rosenbrock --dry-run", "unknown optimizer 'nope'"),
    ("anatomy adam --task nope --out new --dry-run", "unknown task 'nope'"),
    ("paper --tasks nope --dry-run", "no claim about nope"),
    ("merge", "Missing argument 'DIRS...'"),
    ("merge foreign --out new", "foreign is not a run folder"),
    ("merge nowhere --out new", "no results in nowhere"),
    ("submit", "Missing argument 'DIR'"),
    ("submit nowhere", "FOLDER nowhere is not there; give a folder"),
    ("submit {runs}", "--reference results/reference/quick is not there; give a folder"),
    ("submit foreign --reference {runs}", "foreign is not a run folder"),
    ("submit {runs} --reference foreign", "foreign is not a run folder"),
    ("submit {runs} --reference {runs}", "has no optimizer that"),
    ("verify", "Missing argument 'DIR'"),
    ("verify foreign", "foreign is not a run folder"),
    ("verify {here}", "is not a run folder"),
    ("completion tcsh", "'tcsh' is not one of"),
    ("show", "Missing argument 'NAME'"),
    ("show belief", "no task or optimizer is called 'belief'; "),
    ("show adm", "no task or optimizer is called 'adm'"),
    ("show {weights}.gz", "no task or optimizer is called"),
    ("doctor all", "unexpected extra argument (all)"),
    ("maintain luck", "No such command 'luck'"),
    ("maintain weights luck", "no shipped weights luck"),
    ("maintain cards nowhere.npz", "FILES nowhere.npz is not there"),
    ("maintain respell nowhere.npz stride", "WEIGHTS nowhere.npz is not there"),
    ("maintain cards text.npz", "no readable card text.json (No such file"),
    ("maintain controls luck", "no control networks luck"),
    ("maintain timings --tasks nope", "unknown task 'nope'"),
    ("maintain timings --optimizers nope", "unknown optimizer 'nope'"),
    ("maintain floors luck", "unknown task 'luck'"),
    ("maintain nulls --probe luck", "'luck' is not one of"),
    ("maintain scale 3", "unexpected extra argument (3)"),
    ("maintain boards nowhere", "nowhere is not there; give a folder"),
    ("maintain intervals nowhere", "nowhere is not there; give a folder"),
    ("maintain intervals foreign --out new", "foreign is not a run folder"),
]
ROWS = [*TABLE, *wrong_numbers(), *wrong_places()]


def tree(folder):
    """All that is in it but what Python itself keeps of the files it imports."""
    found = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return sorted((path.relative_to(folder), path.stat().st_mtime_ns) for path in found)


@pytest.mark.parametrize(("line", "said"), ROWS, ids=[line[:60] for line, _ in ROWS])
def test_a_wrong_argument_is_refused_in_one_line_before_anything_is_made(line, said, places, monkeypatch, capfd):
    known = {**places, "weights": WEIGHTS}
    for name, place in known.items():
        line, said = line.replace(f"{{{name}}}", str(place)), said.replace(f"{{{name}}}", str(place))
    monkeypatch.setattr(stops, "listen", lambda **_: None)
    monkeypatch.setattr(sys, "argv", ["bench", *shlex.split(line)])
    monkeypatch.chdir(places["here"])
    before = tree(places["here"])
    with pytest.raises(SystemExit) as stop:
        shell.run()
    printed = capfd.readouterr()
    assert stop.value.code == 2, printed.err
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert "\r" not in printed.err
    assert said in printed.err
    assert len(printed.err) < 2500
    assert printed.out == ""
    assert tree(places["here"]) == before


def test_there_are_enough_rows_and_every_verb_has_some():
    assert len(ROWS) > 400
    without = {verb for verb in VERBS if not any(line.startswith(verb) for line, _ in ROWS)}
    assert without <= {"maintain library", "maintain architecture", "maintain memory"}  # take nothing that can be wrong


@pytest.mark.parametrize("verb", VERBS)
def test_numbers_and_places_are_of_our_kinds(verb):
    """Those of click take NaN and infinity, and look at no folder."""
    for param in VERBS[verb].params:
        plain = (click.types.IntParamType, click.types.FloatParamType, click.types.IntRange, click.types.FloatRange)
        assert not isinstance(param.type, plain), param.name
        assert not isinstance(param.type, click.Path) or param.name == "dirs", param.name


def test_a_place_to_write_is_tried_and_nothing_stays(tmp_path):
    assert kinds.OutFolder().convert(str(tmp_path / "a" / "b"), None, None) == Path(tmp_path / "a" / "b")
    assert kinds.OutFile(".npz").convert(str(tmp_path / "a" / "b.npz"), None, None) == tmp_path / "a" / "b.npz"
    assert not list(tmp_path.iterdir())
