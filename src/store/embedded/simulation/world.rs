//! One world: an engine on a simulated disk, clients that send, ask and send again, and everything that can happen to
//! a machine. All of it follows from the seed.

mod copies;
mod damage;

use super::{
    audit::{Allowed, Auditor, Finding},
    disk::SimulatedDisk,
    faults::{Ended, Faults},
    random::Random,
    requests::Maker,
    sizes,
    truth::Fate,
};
use crate::{
    domain::{
        money::Currency,
        problem::{Problem, Reason},
        time::Calendar,
    },
    store::embedded::{Answer, Engine, EngineSettings, Failures, Request, Writes},
};
use std::sync::Arc;

/// How many requests are kept to be sent again.
const AGAIN: usize = 24;

/// How damage is told that is named.
const DAMAGE: &str = "what was read back is not what was written: file ";

/// What can happen in a world.
#[derive(Debug, Clone, Copy)]
struct Profile {
    /// How often the disk fails while it does.
    faults: Faults,
    /// Whether syncs lie, so that what was acknowledged may be lost.
    lies: bool,
    /// Whether bits are flipped.
    flips: bool,
    /// Whether machines end.
    ends: bool,
    steps: usize,
}

impl Profile {
    fn new(random: &mut Random) -> Self {
        let lies = random.chance(120);
        let mut rate = |in_thousand: u64, rate: u64| match random.chance(in_thousand) {
            true => rate,
            false => 0,
        };
        Self {
            faults: Faults {
                full: rate(400, 150),
                write: rate(350, 30),
                sync: rate(350, 60),
                lie: if lies { 500 } else { 0 },
                names: rate(300, 60),
                read: rate(250, 40),
            },
            lies,
            flips: !lies && rate(600, 1) > 0,
            ends: rate(850, 1) > 0,
            steps: 40 + random.below(40),
        }
    }
}

/// A world.
pub struct World {
    random: Random,
    profile: Profile,
    settings: EngineSettings,
    /// What the process that runs now sees of the disk.
    disk: SimulatedDisk,
    engine: Option<Engine>,
    auditor: Auditor,
    maker: Maker,
    again: Vec<Request>,
    faults: Faults,
    /// How many failures of the disk there were when the engine was opened.
    injected_at_opening: u64,
    /// At which step it is.
    pub step: usize,
    is_over: bool,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let zone = random.pick(&["UTC", "Europe/Berlin"]);
        let calendar = Calendar::of_zone(zone).unwrap();
        let currency = Currency::parse("EUR", "").unwrap();
        let key = (random.number(), random.number());
        let settings = EngineSettings {
            segment_size: random.pick(&[600, 1_500, 4_000, 16_000]),
            reserve: random.pick(&[4_096, 8_192]),
            ..EngineSettings::new(calendar.clone(), currency, key)
        };
        Self {
            profile: Profile::new(&mut random),
            disk: SimulatedDisk::new(random.number()),
            auditor: Auditor::new(calendar, Random::new(random.number())),
            maker: Maker::new(random.number()),
            settings,
            engine: None,
            again: Vec::new(),
            faults: Faults::default(),
            injected_at_opening: 0,
            step: 0,
            is_over: false,
            random,
        }
    }

    /// What can happen in it.
    pub fn profile(&self) -> String {
        format!("{:?}", self.profile)
    }

    /// The disk, with the history of everything.
    pub fn disk(&self) -> &SimulatedDisk {
        &self.disk
    }

    /// Lives to the end.
    pub fn live(&mut self) -> Result<(), Finding> {
        self.disk.say(format!("{:?}", self.profile));
        self.set_faults();
        self.open()?;
        for step in 1..=self.profile.steps {
            self.step = step;
            if self.is_over {
                return Ok(());
            }
            self.happen()?;
            if self.disk.is_off() {
                self.end()?;
            }
        }
        self.faults = self.always();
        self.disk.set_faults(self.faults);
        self.close()?;
        if !self.is_over {
            self.end()?;
        }
        Ok(())
    }

    /// What happens at one step.
    fn happen(&mut self) -> Result<(), Finding> {
        let (ends, flips) = (self.profile.ends, self.profile.flips);
        match self.random.below(100) {
            0..47 => self.write(),
            47..62 => self.ask(),
            62..77 => self.tend(),
            77..86 if ends => {
                let operations = 1 + self.random.number() % 40;
                match self.random.chance(200) {
                    true => self.disk.end_at_names(),
                    false => self.disk.end_in(operations, self.random.chance(500)),
                }
                self.write()
            }
            86..89 if ends => self.end(),
            89..92 => self.close(),
            92..94 => {
                self.set_faults();
                self.write()
            }
            94 => self.verify_open(None),
            95 => self.back_up(),
            96..100 if flips => self.flip_while_open(),
            _ => self.write(),
        }?;
        if self.disk.must_stop() && self.random.chance(300) {
            self.end()?;
        }
        Ok(())
    }

    /// The faults of a quiet time.
    fn always(&self) -> Faults {
        Faults {
            lie: self.profile.faults.lie,
            ..Faults::default()
        }
    }

    fn set_faults(&mut self) {
        self.faults = match self.random.chance(500) {
            true => self.profile.faults,
            false => self.always(),
        };
        self.disk.set_faults(self.faults);
    }

    fn request(&mut self) -> Request {
        if !self.again.is_empty() && self.random.chance(200) {
            return self.random.pick(&self.again);
        }
        self.maker.request()
    }

    fn write(&mut self) -> Result<(), Finding> {
        let count = self.random.pick(&[1, 1, 1, 2, 3]);
        let mut group: Vec<Request> = (0..count).map(|_| self.request()).collect();
        if let [only] = &mut group[..]
            && self.random.chance(100)
        {
            *only = self.auditor.handed_over(only);
        }
        let has_failed = self.submit(group, None)?;
        if has_failed && !self.disk.may_refuse() && !self.disk.is_off() && self.random.chance(600) {
            self.recover()?;
        }
        Ok(())
    }

    /// There is room again: what is written now is written over what did not fit.
    fn recover(&mut self) -> Result<(), Finding> {
        self.faults = self.always();
        self.disk.set_faults(self.faults);
        let mut request = self.request();
        if let Writes::Entries(entries) = &mut request.writes {
            entries.truncate(1 + self.random.below(3));
        }
        self.submit(vec![request], None)?;
        match self.random.below(3) {
            0 | 1 => self.close(),
            _ => self.ask(),
        }
    }

    /// Lets the engine answer a group, and says whether any request of it failed.
    fn submit(&mut self, group: Vec<Request>, damaged: Option<String>) -> Result<bool, Finding> {
        let Some(engine) = &mut self.engine else {
            return Ok(false);
        };
        let (injected, is_stopped) = (self.disk.injected(), self.disk.must_stop());
        let answers = engine.answer(&group);
        let allowed = Allowed {
            failures: has_failed(&self.disk, injected),
            damaged,
        };
        for (request, answer) in group.iter().zip(&answers) {
            let (tenant, mode) = (&request.tenant, request.mode);
            self.disk
                .say(format!("{tenant} {mode:?}: {}", short(answer)));
        }
        self.auditor
            .answered(&group, &answers, &allowed, is_stopped)?;
        let questions = Arc::clone(engine.questions());
        for (request, answer) in group.into_iter().zip(&answers) {
            // What is handed over belongs to one place.
            let can_come_again = !matches!(request.writes, Writes::TakenOver(_));
            if can_come_again && (answer.is_err() || self.random.chance(200)) {
                if self.again.len() == AGAIN {
                    self.again.remove(0);
                }
                self.again.push(request);
            }
        }
        self.auditor.check_watermarks(&questions)?;
        Ok(answers.iter().any(Result::is_err))
    }

    fn ask(&mut self) -> Result<(), Finding> {
        for _ in 0..=self.random.below(3) {
            self.ask_once(None)?;
        }
        if self.random.chance(300) {
            self.read_all()?;
        }
        Ok(())
    }

    /// Reads every entry.
    fn read_all(&mut self) -> Result<(), Finding> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        let (disk, injected) = (self.disk.clone(), self.disk.injected());
        let allowed = || Allowed {
            failures: has_failed(&disk, injected),
            damaged: None,
        };
        self.auditor
            .check_entries(engine.questions(), &allowed)
            .map(|_| ())
    }

    fn ask_once(&mut self, damaged: Option<String>) -> Result<(), Finding> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        let (disk, injected) = (self.disk.clone(), self.disk.injected());
        let allowed = || Allowed {
            failures: has_failed(&disk, injected),
            damaged: damaged.clone(),
        };
        self.auditor.ask(engine.questions(), allowed)
    }

    fn tend(&mut self) -> Result<(), Finding> {
        let steps = 1 + self.random.below(12);
        let mut settled = self.random.below(4);
        if let Some(engine) = &mut self.engine {
            for _ in 0..steps {
                engine.tend();
            }
            engine.settle(|| {
                let goes_on = settled > 0;
                settled = settled.saturating_sub(1);
                goes_on
            });
        }
        Ok(())
    }

    /// Opens the folder, however often it fails.
    fn open(&mut self) -> Result<(), Finding> {
        for attempt in 0.. {
            if attempt > 3 {
                self.faults = self.always();
            } else if self.profile.ends && self.random.chance(80) {
                let operations = 1 + self.random.number() % 60;
                self.disk.end_in(operations, self.random.chance(500));
            }
            self.disk.set_faults(self.faults);
            self.settings.books = sizes::books(&mut self.random);
            self.settings.checkpoints = sizes::checkpoints(&mut self.random);
            let injected = self.disk.injected();
            let disk = Arc::new(self.disk.clone());
            match Engine::open(disk, &self.settings, |_| ()) {
                Ok(engine) => {
                    if self.audit(&engine, None)? {
                        if self.is_over {
                            return Ok(());
                        }
                        self.disk.set_faults(self.faults);
                        self.injected_at_opening = self.disk.injected();
                        self.engine = Some(engine);
                        return Ok(());
                    }
                }
                Err(problem) => {
                    let failures = has_failed(&self.disk, injected);
                    self.disk.say(format!("not opened: {problem}"));
                    if self.is_end(&problem, failures)? {
                        self.is_over = true;
                        return Ok(());
                    }
                }
            }
            self.boot();
        }
        Ok(())
    }

    /// Compares everything, which may fail where a file is damaged; says whether that came to its end.
    fn audit(&mut self, engine: &Engine, damaged: Option<&str>) -> Result<bool, Finding> {
        self.disk.set_faults(self.always());
        let (disk, injected) = (self.disk.clone(), self.disk.injected());
        let allowed = || Allowed {
            failures: has_failed(&disk, injected),
            damaged: damaged.map(str::to_owned),
        };
        let lies = self.profile.lies;
        let opened = self.auditor.opened(engine.questions(), lies, allowed);
        match opened {
            // What a disk that lies has lost may be missed only when it is read, if a checkpoint was gone on from.
            Err(finding) if lies && finding.contains(DAMAGE) => {
                self.disk.say(finding);
                self.is_over = true;
                Ok(true)
            }
            opened => opened,
        }
    }

    /// Whether a folder that could not be opened is the end of the world: after lies, damage is, if it is named.
    fn is_end(&self, problem: &Problem, failures: bool) -> Result<bool, Finding> {
        let is_named = problem.message.contains("file ");
        if problem.reason == Reason::StoreUnavailable && failures {
            return Ok(false);
        }
        if problem.reason == Reason::LedgerDamaged && self.profile.lies && is_named {
            return Ok(true);
        }
        Err(format!("not opened: {problem}"))
    }

    /// Whether anything went wrong since the engine was opened for which work may have been left undone.
    fn has_failed_since_opening(&self) -> bool {
        has_failed(&self.disk, self.injected_at_opening) || self.profile.flips
    }

    /// Ends the process, one way or the other.
    fn boot(&mut self) {
        self.engine = None;
        let ended = self.random.pick(&[Ended::Killed, Ended::WithoutPower]);
        self.disk = self.disk.boot(ended);
    }

    fn end(&mut self) -> Result<(), Finding> {
        self.boot();
        if self.profile.flips && self.random.chance(150) {
            self.flip_while_closed(false)?;
        }
        self.open()?;
        // Whoever was opened and believed what a process had left must have made it durable.
        if !self.is_over && self.random.chance(300) {
            if self.random.chance(500) {
                self.write()?;
            }
            self.boot();
            self.open()?;
        }
        Ok(())
    }

    /// Closes the folder and opens it again.
    fn close(&mut self) -> Result<(), Finding> {
        let injected = self.disk.injected();
        let must_stop = self.disk.may_refuse();
        if let Some(engine) = self.engine.take() {
            let (failures, may_fail) = (engine.failures(), self.has_failed_since_opening());
            if failures != Failures::default() && !may_fail {
                return Err(format!("{failures:?}, though nothing failed"));
            }
            engine.close();
        }
        let is_clean = !must_stop && self.disk.injected() == injected && !self.disk.is_off();
        self.boot();
        if self.profile.flips && self.random.chance(400) {
            self.flip_while_closed(is_clean)?;
        }
        self.open()
    }
}

fn has_failed(disk: &SimulatedDisk, injected: u64) -> bool {
    disk.injected() != injected || disk.is_off() || disk.may_refuse()
}

/// An answer in few words.
fn short(answer: &Answer) -> String {
    match answer {
        Err(problem) => problem.message.clone(),
        Ok(outcomes) => {
            let words = outcomes.iter().map(|outcome| match Fate::of(outcome) {
                Fate::Posted(position) => format!("+{position}"),
                Fate::Duplicate(position) => format!("={position}"),
                Fate::Refused(reason) => reason.as_str().to_lowercase(),
            });
            words.collect::<Vec<_>>().join(" ")
        }
    }
}
