using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>Every complaint about a value or a reference, at the very place that it is about.</summary>
public class LocatedErrorTests
{
    /// <summary>A line put into a good configuration; <c>^</c> stands before the character that the complaint must name.</summary>
    public static TheoryData<DiagnosticCode, string> Mistakes => new()
    {
        { DiagnosticCode.KeyUnknown, """  "Conntrack": { ^"TcpLose": true },""" },
        { DiagnosticCode.KeyUnknown, """  ^"Conntrak": { },""" },
        { DiagnosticCode.KeyUnsupported, """  "Conntrack": { ^"Helpers": true },""" },
        { DiagnosticCode.KeyUnsupported, """  "Track": { "10": { "Match": { "In": "lan" }, "Do": { ^"Helper": "ftp" } } },""" },
        { DiagnosticCode.KeyUnsupported, """  "Track": { "10": { "Match": { ^"TableAbove": "75%" }, "Do": { "NoTrack": true } } },""" },
        { DiagnosticCode.KeyUnsupported, """  "Conntrack": { "Timeouts": { ^"Icmpv6": "10m" } },""" },
        { DiagnosticCode.KeyUnsupported, """  "Pools": { "a": { ^"2001:db8::1": "x" } },""" },
        { DiagnosticCode.KeyUnsupported, "  \"Conntrack\": { ^\"Max\\u001fEntries\": 5000 }," },
        { DiagnosticCode.KeyUnsupported, """  "Zones": { "cust": { "Id": 1, ^"NewPerSecond": 100 } },""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "TcpMaxRetransmissions": ^16 },""" },
        { DiagnosticCode.MatchNotPossible, """  "Track": { "10": { "Match": { "State": ^"invalid" }, "Do": { "NoTrack": true } } },""" },
        { DiagnosticCode.NumberInvalid, """  "Limits": { "Fragments": { "PerDatagram": ^65 } },""" },
        { DiagnosticCode.DurationInvalid, """  "Limits": { "Fragments": { "Timeout": ^"soon" } },""" },
        { DiagnosticCode.KeyDuplicate, """  "Limits": { "IcmpErrorsPerSecond": 1, ^"icmpErrorsPerSecond": 2 },""" },
        { DiagnosticCode.KeyDuplicate, """  ^"cores": "2",""" },
        { DiagnosticCode.KeyMissing, """  "Zones": { ^"cust": { } },""" },
        { DiagnosticCode.KeyMissing, """  "Destination": { ^"10": { "Match": { "In": "wan" } } },""" },
        { DiagnosticCode.TypeWrong, """  "Conntrack": ^7,""" },
        { DiagnosticCode.TypeWrong, """  "Conntrack": { "MaxEntries": ^{ } },""" },
        { DiagnosticCode.TypeWrong, """  "Conntrack": { "MaxEntries": ^null },""" },
        { DiagnosticCode.TypeWrong, """  "Idle": ^["spin"],""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "MaxEntries": ^"many" },""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "MaxEntries": ^1.5e6 },""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "MaxEntries": ^-1 },""" },
        { DiagnosticCode.BooleanInvalid, """  "Conntrack": { "TcpLoose": ^"yes" },""" },
        { DiagnosticCode.ChoiceInvalid, """  "Idle": ^"spinning",""" },
        { DiagnosticCode.ChoiceInvalid, """  "Conntrack": { "Invalid": ^"accept" },""" },
        { DiagnosticCode.DurationInvalid, """  "Conntrack": { "Timeouts": { "Udp": ^"five minutes" } },""" },
        { DiagnosticCode.DurationInvalid, """  "Conntrack": { "Timeouts": { "Udp": ^"0s" } },""" },
        { DiagnosticCode.DurationInvalid, """  "Conntrack": { "Timeouts": { "Udp": ^"1500ms" } },""" },
        { DiagnosticCode.DurationInvalid, """  "Conntrack": { "Timeouts": { "Udp": ^"4m2h" } },""" },
        { DiagnosticCode.DurationInvalid, """  "Conntrack": { "Timeouts": { "Udp": ^"99999999999s" } },""" },
        { DiagnosticCode.SizeInvalid, """  "Memory": { "Pool": ^"512MB" },""" },
        { DiagnosticCode.PathInvalid, """  "Drivers": ["/opt/librte_net_a.so", ^"librte_net_b.so"],""" },
        { DiagnosticCode.PathInvalid, """  "Drivers": [^"/opt/drivers/"],""" },
        { DiagnosticCode.AddressInvalid, """  "Routes": { "0.0.0.0/0": { "Via": ^"198.51.100.256" } },""" },
        { DiagnosticCode.PrefixInvalid, """  "Routes": { ^"192.0.2.1/24": { "Via": "198.51.100.1" } },""" },
        { DiagnosticCode.PrefixInvalid, """  "Routes": { ^"192.0.2.0/33": { "Via": "198.51.100.1" } },""" },
        {
            DiagnosticCode.AddressRangeInvalid,
            """  "Track": { "10": { "Match": { "Source": ^"10.0.0.9-10.0.0.1" }, "Do": { "Mark": 1 } } },"""
        },
        { DiagnosticCode.AddressRangeInvalid, """  "Track": { "10": { "Match": { "Source": ^"::1::" }, "Do": { "Mark": 1 } } },""" },
        {
            DiagnosticCode.PortRangeInvalid,
            """  "Track": { "10": { "Match": { "Protocol": "tcp", "SourcePort": ^"9-1" }, "Do": { "Mark": 1 } } },"""
        },
        {
            DiagnosticCode.PortRangeInvalid,
            """  "Track": { "10": { "Match": { "Protocol": "tcp", "SourcePort": ^70000 }, "Do": { "Mark": 1 } } },"""
        },
        { DiagnosticCode.PortRangeInvalid, """  "Destination": { "10": { "Match": { "Protocol": "tcp" }, "To": ^"10.0.0.9:0" } },""" },
        { DiagnosticCode.NameInvalid, """  "Zones": { ^"två": { "Id": 1 } },""" },
        { DiagnosticCode.TargetInvalid, """  "Destination": { "10": { "To": ^"somewhere" } },""" },
        { DiagnosticCode.TargetInvalid, """  "Destination": { "10": { "To": ^"127.0.0.1" } },""" },
        { DiagnosticCode.RuleNumberInvalid, """  "Destination": { ^"first": { "To": "10.0.0.9" } },""" },
        { DiagnosticCode.RuleNumberInvalid, """  "Destination": { ^"0": { "To": "10.0.0.9" } },""" },
        { DiagnosticCode.PathInvalid, """  "Control": { "Socket": ^"control.sock" },""" },
        { DiagnosticCode.ProtocolInvalid, """  "Track": { "10": { "Match": { "Protocol": ^"tpc" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.PortUnknown, """  "Track": { "10": { "Match": { "In": ^"lam" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.GatewayUnreachable, """  "Routes": { "0.0.0.0/0": { "Via": ^"192.0.2.1" } },""" },
        { DiagnosticCode.GatewayUnreachable, """  "Routes": { "0.0.0.0/0": { "Via": ^"198.51.100.2" } },""" },
        { DiagnosticCode.GatewayUnreachable, """  "Routes": { "0.0.0.0/0": { "Via": ^"198.51.100.1", "Port": "lan" } },""" },
        { DiagnosticCode.PortWithoutAddress, """  "Destination": { "10": { "Match": { "In": ^"bare" }, "To": "10.0.0.9" } },""" },
        { DiagnosticCode.RuleNumberConflict, """  "Destination": { "10": { "To": "10.0.0.9" }, ^"010": { "To": "10.0.0.8" } },""" },
        { DiagnosticCode.MatchNotPossible, """  "Destination": { "10": { "Match": { "Out": ^"wan" }, "To": "10.0.0.9" } },""" },
        { DiagnosticCode.MatchNotPossible, """  "Track": { "10": { "Match": { "DestinationPort": ^"53" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.MatchNotPossible, """  "Destination": { "10": { "Match": { "Protocol": "icmp" }, "To": ^"10.0.0.9:80" } },""" },
        { DiagnosticCode.ZoneConflict, """  "Zones": { "a": { "Id": 1 }, "b": { "Id": ^1 } },""" },
        {
            DiagnosticCode.RangeSizeConflict,
            """  "Destination": { "10": { "Match": { "Protocol": "tcp", "DestinationPort": "1-3" }, "To": ^"10.0.0.9:1-2" } },"""
        },
        { DiagnosticCode.RouteConflict, """  "Routes": { ^"10.0.0.0/16": { "Via": "198.51.100.1" } },""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "Capacity": ^100 },""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "Capacity": ^100000001 },""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "Buckets": ^0 },""" },
        { DiagnosticCode.NumberInvalid, """  "Conntrack": { "Buckets": ^1073741825 },""" },
        { DiagnosticCode.TypeWrong, """  "Conntrack": { "Buckets": ^[] },""" },
        { DiagnosticCode.NumberInvalid, """  "Zones": { "cust": { "Id": 1, "MaxEntries": ^0 } },""" },
        { DiagnosticCode.NumberInvalid, """  "Zones": { "cust": { "Id": 1, "MaxEntries": ^2147483648 } },""" },
        { DiagnosticCode.NumberInvalid, """  "Zones": { "cust": { "Id": 1, "MaxEntries": ^"none" } },""" },
        { DiagnosticCode.TypeWrong, """  "Zones": { "cust": { "Id": 1, "MaxEntries": ^null } },""" },
        { DiagnosticCode.CapacityBelowLimit, """  "Conntrack": { "MaxEntries": 5000, "Capacity": ^4999 },""" },
        { DiagnosticCode.CapacityBelowLimit, """  "Conntrack": { "Capacity": ^999999 },""" },
        { DiagnosticCode.ZoneLimitIdle, """  "Conntrack": { "MaxEntries": 5000 }, "Zones": { "cust": { "Id": 1, "MaxEntries": ^5001 } },""" },
        { DiagnosticCode.ZoneLimitIdle, """  "Zones": { "cust": { "Id": 1, "MaxEntries": ^2147483647 } },""" },
        { DiagnosticCode.TimeoutBelowFloor, """  "Conntrack": { "Timeouts": { "TcpEstablished": ^"1h" } },""" },
        {
            DiagnosticCode.RuleShadowed,
            """  "Destination": { "10": { "To": "10.0.0.9" }, ^"20": { "Match": { "In": "lan" }, "To": "10.0.0.8" } },"""
        },
        { DiagnosticCode.TimeoutBelowFloor, """  "Conntrack": { "Timeouts": { "Profile": ^"linux" } },""" },
        { DiagnosticCode.TimeoutBelowFloor, """  "Conntrack": { "Timeouts": { "DccpOpen": ^"1h" } },""" },
        { DiagnosticCode.ChoiceInvalid, """  "Conntrack": { "Timeouts": { "Profile": ^"bsd" } },""" },
        { DiagnosticCode.KeyUnknown, """  "Conntrack": { "Timeouts": { ^"Sctp": "1h" } },""" },
        { DiagnosticCode.KeyUnknown, """  "Conntrack": { "TimeoutPolicies": { "dns": { ^"Profile": "linux" } } },""" },
        { DiagnosticCode.DurationInvalid, """  "Conntrack": { "TimeoutPolicies": { "dns": { "Udp": ^"5x" } } },""" },
        { DiagnosticCode.NameInvalid, """  "Conntrack": { "TimeoutPolicies": { ^"Default": { } } },""" },
        { DiagnosticCode.NameInvalid, """  "Conntrack": { "TimeoutPolicies": { ^"a b": { } } },""" },
        { DiagnosticCode.TypeWrong, """  "Conntrack": { "TimeoutPolicies": { "dns": ^"5s" } },""" },
        { DiagnosticCode.TimeoutPolicyUnknown, """  "Track": { "10": { "Do": { "Timeouts": ^"dns" } } },""" },
        { DiagnosticCode.MarkInvalid, """  "Track": { "10": { "Do": { "Mark": ^4294967296 } } },""" },
        { DiagnosticCode.MarkInvalid, """  "Track": { "10": { "Do": { "Mark": ^"0x10/0x0f" } } },""" },
        { DiagnosticCode.MarkInvalid, """  "Track": { "10": { "Do": { "Mark": ^"1/2/3" } } },""" },
        { DiagnosticCode.MarkInvalid, """  "Track": { "10": { "Match": { "Mark": ^"0/0" }, "Do": { "NoTrack": true } } },""" },
        { DiagnosticCode.LabelInvalid, """  "Track": { "10": { "Do": { "Label": ^128 } } },""" },
        { DiagnosticCode.LabelInvalid, """  "Track": { "10": { "Do": { "Label": ^"00000000000000000000000000000000" } } },""" },
        { DiagnosticCode.LabelInvalid, """  "Track": { "10": { "Do": { "Label": ^"0000000000000000000000000000000g" } } },""" },
        { DiagnosticCode.LabelInvalid, """  "Track": { "10": { "Match": { "Label": ^"-1" }, "Do": { "NoTrack": true } } },""" },
        { DiagnosticCode.ChoiceInvalid, """  "Track": { "10": { "Match": { "State": ^"new|old" }, "Do": { "NoTrack": true } } },""" },
        { DiagnosticCode.MatchNotPossible, """  "Filter": { "10": { "Match": { "State": ^"new|established" }, "Do": "drop" } },""" },
        { DiagnosticCode.ChoiceInvalid, """  "Track": { "10": { "Match": { "State": ^"" }, "Do": { "NoTrack": true } } },""" },
        { DiagnosticCode.MatchNotPossible, """  "Destination": { "10": { "Match": { "State": ^"invalid" }, "To": "10.0.0.9" } },""" },
        { DiagnosticCode.KeyUnsupported, """  "Track": { "10": { "Do": { "Mark": 1, ^"Zone": "cust" } } },""" },
        { DiagnosticCode.FamilyConflict, """  "Track": { "10": { "Match": { "Source": "10.0.0.1", "Destination": ^"2001:db8::1" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.FamilyConflict, """  "Track": { "10": { "Match": { "Source": "2001:db8::1", "Protocol": ^"icmp" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.FamilyConflict, """  "Destination": { "10": { "Match": { "Destination": ^"2001:db8::1" }, "To": "10.0.0.9" } },""" },
        { DiagnosticCode.FamilyConflict, """  "Destination": { "10": { "Match": { "Protocol": ^"icmpv6" }, "To": "10.0.0.9" } },""" },
        { DiagnosticCode.AddressRangeInvalid, """  "Track": { "10": { "Match": { "Source": ^"2001:db8::1-2001:db8::9" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.AddressRangeInvalid, """  "Track": { "10": { "Match": { "Source": ^"2001:db8::1/64" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.AddressRangeInvalid, """  "Track": { "10": { "Match": { "Source": ^"fe80::1%eth0" }, "Do": { "Mark": 1 } } },""" },
        { DiagnosticCode.TargetInvalid, """  "Destination": { "10": { "Match": { "In": "wan" }, "To": ^"2001:db8::9" } },""" },
        { DiagnosticCode.PrefixInvalid, """  "Routes": { ^"2001:db8::1/32": { "Via": "fe80::1" } },""" },
        { DiagnosticCode.PrefixInvalid, """  "Routes": { ^"2001:db8::/129": { "Via": "fe80::1" } },""" },
        { DiagnosticCode.PrefixInvalid, """  "Routes": { ^"2001:db8::": { "Via": "fe80::1" } },""" },
        { DiagnosticCode.FamilyConflict, """  "Routes": { "2001:db8::/32": { "Via": ^"198.51.100.1" } },""" },
        { DiagnosticCode.FamilyConflict, """  "Routes": { "192.0.2.0/24": { "Via": ^"2001:db8::1" } },""" },
        { DiagnosticCode.AddressInvalid, """  "Routes": { "2001:db8::/32": { "Via": ^"gateway" } },""" },
        { DiagnosticCode.AddressInvalid, """  "Routes": { "2001:db8::/32": { "Via": ^"fe80::1%eth0" } },""" },
        { DiagnosticCode.KeyMissing, """  "Routes": { ^"2001:db8::/32": { "Port": "lan" } },""" },
        { DiagnosticCode.GatewayUnreachable, """  "Routes": { "2001:db8::/32": { "Via": ^"fe80::1" } },""" },
        { DiagnosticCode.GatewayUnreachable, """  "Routes": { "2001:db8::/32": { "Via": ^"2001:db8:ffff::1" } },""" },
        { DiagnosticCode.PortWithoutAddress, """  "Routes": { "2001:db8::/32": { "Via": "fe80::1", "Port": ^"lan" } },""" },
        { DiagnosticCode.RouteConflict, """  "Routes": { ^"fe80::/64": { "Via": "fe80::1", "Port": "lan" } },""" },
        { DiagnosticCode.RouteConflict, """  "Routes": { ^"ff02::/16": { "Via": "2001:db8::1" } },""" },
        { DiagnosticCode.RouteConflict, """  "Routes": { "2001:db8::/32": { "Via": "fe80::1" }, ^"2001:0db8::/32": { "Via": "fe80::1" } },""" },
        { DiagnosticCode.EncodingInvalid, "  \"Idle\": ^\"\\ud800\"," },
        { DiagnosticCode.SyntaxError, """  "Idle" ^"spin",""" },
    };

    /// <summary>The same for lines that replace one of the good configuration's.</summary>
    public static TheoryData<DiagnosticCode, string, string> Replacements => new()
    {
        { DiagnosticCode.CoresInvalid, "\"Cores\": \"1\"", "\"Cores\": ^\"2-1\"" },
        { DiagnosticCode.LimitExceeded, "\"Cores\": \"1\"", "\"Cores\": ^\"0-99\"" },
        { DiagnosticCode.KeyMissing, "\"Device\": \"null\"", "\"Mtu\": 1500" },
        { DiagnosticCode.DeviceInvalid, "\"Device\": \"null\"", "\"Device\": ^\" \"" },
        { DiagnosticCode.DeviceConflict, "\"Device\": \"null\"", "\"Device\": ^\"af_xdp:eth0\"" },
        { DiagnosticCode.MacInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Mac\": ^\"01:00:5e:00:00:01\"" },
        {
            DiagnosticCode.AddressInvalid, "\"Device\": \"null\"",
            "\"Device\": \"null\", \"Addresses\": [\"192.0.2.1/24\", ^\"192.0.3.0/24\"]"
        },
        { DiagnosticCode.AddressConflict, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"10.0.7.1/24\"]" },
        { DiagnosticCode.ZoneUnknown, "\"Device\": \"null\"", "\"Device\": \"null\", \"Zone\": ^\"cust\"" },
        { DiagnosticCode.AddressConflict, "\"203.0.113.0/28\"", "[\"203.0.113.0/28\", ^\"203.0.113.9\"]" },
        { DiagnosticCode.LimitExceeded, "\"203.0.113.0/28\"", "^\"11.0.0.0/8\"" },
        { DiagnosticCode.PoolOverlapsPort, "\"203.0.113.0/28\"", "^\"198.51.100.0/30\"" },
        { DiagnosticCode.PoolUnknown, "\"pool:cgn1\"", "^\"pool:cgn2\"" },
        { DiagnosticCode.TargetInvalid, "\"pool:cgn1\"", "^\"masqerade\"" },
        { DiagnosticCode.ChoiceInvalid, "\"Do\": \"accept\"", "\"Do\": ^\"acept\"" },
        { DiagnosticCode.ForwardingUntranslated, "\"pool:cgn1\"", "\"exempt\"" },
        { DiagnosticCode.FilterMissing, "\"Filter\": { \"Default\": \"drop\", \"10\": { \"Do\": \"accept\" } },", "" },
        { DiagnosticCode.AddressInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"::1/128\"]" },
        { DiagnosticCode.AddressInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"ff02::1/64\"]" },
        { DiagnosticCode.AddressInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"::ffff:10.0.0.1/120\"]" },
        { DiagnosticCode.AddressInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"2001:db8::/64\"]" },
        { DiagnosticCode.AddressInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"2001:db8::1/0\"]" },
        { DiagnosticCode.AddressInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"fe80::1/10\"]" },
        { DiagnosticCode.AddressInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"fe80:1::1/64\"]" },
        { DiagnosticCode.PrefixInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"2001:db8::1\"]" },
        { DiagnosticCode.PrefixInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"2001:db8::1/129\"]" },
        { DiagnosticCode.PrefixInvalid, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [^\"2001:db8::g/64\"]" },
        { DiagnosticCode.AddressConflict, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [\"fe80::1/64\", ^\"fe80::2/64\"]" },
        { DiagnosticCode.AddressConflict, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [\"2001:db8::1/64\", ^\"2001:db8::1/48\"]" },
        { DiagnosticCode.MtuBelowIpv6, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [\"2001:db8::1/64\"], \"Mtu\": ^1279" },
        { DiagnosticCode.MtuBelowIpv6, "\"Device\": \"null\"", "\"Device\": \"null\", \"Ipv6\": true, \"Mtu\": ^576" },
        { DiagnosticCode.FamilyConflict, "\"Device\": \"null\"", "\"Device\": \"null\", \"Addresses\": [\"2001:db8::1/64\"], \"Ipv6\": ^false" },
        { DiagnosticCode.PortWithoutAddress, "\"Device\": \"null\"", "\"Device\": \"null\", \"RouterAdvertisements\": ^true" },
        {
            DiagnosticCode.PortWithoutAddress, "\"Device\": \"null\"",
            "\"Device\": \"null\", \"Addresses\": [\"2001:db8::1/48\", \"fe80::1/64\"], \"RouterAdvertisements\": ^true"
        },
        { DiagnosticCode.KeyUnsupported, "\"Device\": \"null\"", "\"Device\": \"null\", ^\"ReplyZone\": \"cust\"" },
        {
            DiagnosticCode.AddressConflict, "\"af_xdp:eth1\", \"Addresses\": [\"198.51.100.2/30\"] },\n    \"bare\": { \"Device\": \"null\"",
            "\"af_xdp:eth1\", \"Addresses\": [\"2001:db8::1/32\"] },\n    \"bare\": { \"Device\": \"null\", \"Addresses\": [^\"2001:db8:7::1/64\"]"
        },
        { DiagnosticCode.AddressRangeInvalid, "\"203.0.113.0/28\"", "^\"2001:db8::/64\"" },
        { DiagnosticCode.TargetInvalid, "\"pool:cgn1\"", "^\"2001:db8::1\"" },
        { DiagnosticCode.CoresIdle, "\"Cores\": \"1\"", "\"Cores\": ^\"1-4\"" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_reported_at_its_line_and_column(DiagnosticCode code, string line)
    {
        (string text, int row, int column) = Texts.Insert(line);
        LoadResult result = Texts.Load(text);
        if (code == DiagnosticCode.KeyDuplicate && line.Contains("cores", StringComparison.Ordinal))
        {
            // The inserted key comes second: the first of the two is in the line above.
            Assert.Equal("cores", Texts.Single(result, code).Path);
        }

        Diagnostic found = Texts.Single(result, code);
        Assert.Equal(("c.json", row, column), (found.Location.Origin, found.Location.Line, found.Location.Column));
        Assert.Equal(DiagnosticCodes.IsError(code), result.Configuration is null);
    }

    [Theory]
    [MemberData(nameof(Replacements))]
    public void A_wrong_value_is_reported_at_its_line_and_column(DiagnosticCode code, string good, string bad)
    {
        Assert.Contains(good, Texts.Home, StringComparison.Ordinal);
        string marked = Texts.Home.Replace(good, bad, StringComparison.Ordinal);
        int mark = marked.IndexOf('^', StringComparison.Ordinal);
        LoadResult result = Texts.Load(marked.Replace("^", "", StringComparison.Ordinal));
        Diagnostic found = Texts.Single(result, code);
        if (mark >= 0)
        {
            int line = marked[..mark].Count(c => c == '\n') + 1;
            Assert.Equal((line, mark - marked.LastIndexOf('\n', mark)), (found.Location.Line, found.Location.Column));
        }

        Assert.Equal(DiagnosticCodes.IsError(code), result.Configuration is null);
    }

    [Fact]
    public void Every_code_has_an_explanation_and_a_test()
    {
        HashSet<DiagnosticCode> tested =
            [.. Mistakes.Select(row => (DiagnosticCode)row[0]), .. Replacements.Select(row => (DiagnosticCode)row[0])];

        // Those of whole files and overrides have tests of their own, in FileTests and OverrideTests.
        tested.UnionWith(
        [
            DiagnosticCode.FileMissing, DiagnosticCode.FileUnreadable, DiagnosticCode.FileTooLarge, DiagnosticCode.FileEmpty,
            DiagnosticCode.OverrideMalformed,
        ]);
        Assert.All(Enum.GetValues<DiagnosticCode>(), code =>
        {
            Assert.Contains(code, tested);
            Assert.NotEmpty(DiagnosticCodes.Explain(code));
        });
        Assert.Equal(Enum.GetValues<DiagnosticCode>().Length, DiagnosticCodes.Explanations.Count);
    }

    [Fact]
    public void Five_different_mistakes_are_five_errors_in_the_order_of_the_file()
    {
        LoadResult result = Texts.Load("""
            {
              "Cores": "1-",
              "Ports": {
                "lan": { "Device": "af_xdp:eth0", "Addresses": ["10.0.0.1/33"] },
                "wan": { "Device": "af_xdp:eth1", "Addresses": ["198.51.100.2/30"] },
              },
              "Filter": { "Defualt": "drop" },
              "Source": { "90": { "Match": { "Out": "wan" }, "To": "pool:cgn1" } },
              "Conntrack": { "Timeouts": { "Udp": "5x" } },
            }
            """);
        Assert.Null(result.Configuration);
        Assert.Equal(
            [(2, 12, "E1110"), (4, 53, "E1107"), (7, 15, "E1115"), (8, 56, "E1202"), (9, 39, "E1104")],
            result.Diagnostics.Where(item => item.IsError)
                .Select(item => (item.Location.Line, item.Location.Column, DiagnosticCodes.Format(item.Code))));
        Assert.Equal("did you mean \"Default\"?", Texts.Single(result, DiagnosticCode.RuleNumberInvalid).Suggestion);
    }

    [Fact]
    public void Mistakes_above_a_syntax_error_are_reported_with_it_and_what_may_follow_is_not_missed()
    {
        LoadResult result = Texts.Load("{ \"Cores\": \"x\",\n \"Source\": { \"1\": { \"To\": \"pool:later\" } },\n \"Pools\": { oops");
        Assert.Equal(["E1110", "E0006"], result.Diagnostics.Select(item => DiagnosticCodes.Format(item.Code)));
    }

    [Fact]
    public void A_limit_that_is_wrong_itself_is_one_complaint_and_nothing_is_compared_with_it()
    {
        string text = Texts.Insert(
            """  "Conntrack": { "MaxEntries": ^"many", "Capacity": 4096 }, "Zones": { "a": { "Id": 1, "MaxEntries": 2000000000 } },""").Text;
        Assert.Equal(DiagnosticCode.NumberInvalid, Assert.Single(Texts.Load(text).Diagnostics).Code);
    }

    [Fact]
    public void A_capacity_above_a_limit_that_a_broken_file_may_still_name_is_not_missed() =>
        Assert.Equal(DiagnosticCode.SyntaxError, Assert.Single(Texts.Load("{ \"Conntrack\": { \"Capacity\": 4096, oops").Diagnostics).Code);

    [Fact]
    public void One_zone_too_many_is_reported_at_its_name()
    {
        string[] zones = [.. Enumerable.Range(1, ZoneConfiguration.ZonesMax + 1).Select(id => $"    \"z{id}\": {{ \"Id\": {id} }},")];
        string most = string.Join('\n', zones[..^1]);
        Assert.Equal(ZoneConfiguration.ZonesMax, Texts.Accepted(Home(most)).Zones.Length);
        Diagnostic found = Assert.Single(Texts.Load(Home($"{most}\n{zones[^1]}")).Diagnostics);
        Assert.Equal((DiagnosticCode.LimitExceeded, "Zones.z4096", 4096 + 3, 5), (found.Code, found.Path, found.Location.Line, found.Location.Column));

        static string Home(string zones) => Texts.Insert("^  \"Zones\": {\n" + zones + "\n  },").Text;
    }

    [Fact]
    public void Columns_count_characters_and_not_bytes()
    {
        string text = Texts.Insert("""  /* åäö€𝄞 */ "Idle": ^"x",""").Text;
        Diagnostic found = Texts.Single(Texts.Load(text), DiagnosticCode.ChoiceInvalid);
        Assert.Equal("""  /* åäö€.  */ "Idle": """.Length, found.Location.Column);
    }
}
